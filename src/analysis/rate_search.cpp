// SPDX-License-Identifier: MIT
#include "analysis/rate_search.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "base/ensure.hpp"
#include "base/error.hpp"

namespace tunrelay {
namespace {

/// Trials at one load that may be void in a row: where the sender was too slow, and where it was
/// not, so that it is for what the machine did meanwhile.
constexpr std::size_t kMaxInvalid = 3;
constexpr std::size_t kMaxInvalidOfSendable = 6;
/// A sender that reached that share of a load can send it.
constexpr double kReached = 0.98;
/// Trials become so many times longer from one probe to the next, and bounds half as wide.
constexpr std::int64_t kProbeGrowth = 4;
constexpr double kWidestProbe = 0.25;
/// How much more than it did a sender may be able to send; and what it surely can.
constexpr double kSenderReserve = 1.1;
constexpr double kSurelySendable = 0.75;

}  // namespace

std::string_view to_string(SearchEnd end) noexcept {
  switch (end) {
    case SearchEnd::kReached:
      return "the bounds are as near to each other as requested";
    case SearchEnd::kMaxLoad:
      return "the most load that was allowed is carried: the rate is that or above";
    case SearchEnd::kMinLoad:
      return "even the least load that was allowed is not carried";
    case SearchEnd::kSenderLimit:
      return "the sender's limit, not the path's: more could not be sent";
    case SearchEnd::kInvalidTrials:
      return "the machine was too busy: the sender was late again and again";
    case SearchEnd::kTrialLimit:
      return "the number of trials was used up";
    case SearchEnd::kTimeLimit:
      return "the time was used up";
    case SearchEnd::kNotYet:
      return "the search was left before its end";
  }
  return "";
}

RateSearch::RateSearch(SearchPlan plan) : plan_(std::move(plan)) {
  if (plan_.goals.empty()) throw_usage_error("search", "no goal", "a search needs one");
  for (const SearchGoal& goal : plan_.goals) check_search_goal(goal);
  if (plan_.least_per_s == 0 || plan_.least_per_s > plan_.most_per_s)
    throw_usage_error("search", "the loads", "the least must be above 0 and not above the most",
                      "choose another range");
  range_ = {plan_.least_per_s, plan_.most_per_s, std::numeric_limits<std::uint64_t>::max()};
  order_.resize(plan_.goals.size());
  std::iota(order_.begin(), order_.end(), std::size_t{0});
  std::stable_sort(order_.begin(), order_.end(), [this](std::size_t one, std::size_t other) {
    return plan_.goals[one].loss_ratio < plan_.goals[other].loss_ratio;
  });
  for (const SearchGoal& goal : plan_.goals) {
    GoalState state;
    for (std::int64_t duration_ns = goal.initial_trial_ns; duration_ns < goal.final_trial_ns;
         duration_ns *= kProbeGrowth)
      state.probes.push_back({duration_ns, 0});
    state.probes.push_back({goal.final_trial_ns, goal.width});
    double width = goal.width;
    for (auto probe = state.probes.rbegin(); probe != state.probes.rend(); ++probe) {
      probe->width = width;
      width = std::max(goal.width, std::min(2 * width, kWidestProbe));
    }
    states_.push_back(std::move(state));
  }
  plan_next();
}

std::optional<std::uint64_t> RateSearch::unsendable_per_s() const noexcept {
  if (range_.unsendable_per_s > range_.most_per_s) return std::nullopt;
  return range_.unsendable_per_s;
}

void RateSearch::record(SearchTrial trial) {
  ensure(next_ && trial.input == *next_, "a search gets the trial that it requested");
  spent_ns_ += trial.spent_ns > 0 ? trial.spent_ns : trial.input.duration_ns;
  if (trial.is_invalid()) {
    note_invalid(trial);
  } else {
    by_load_[trial.input.load_per_s].push_back(trial);
    voids_ = 0;
  }
  trials_.push_back(std::move(trial));
  plan_next();
}

void RateSearch::note_invalid(const SearchTrial& trial) {
  const std::uint64_t load_per_s = trial.input.load_per_s;
  if (voids_ == 0) most_sent_per_s_ = 0;
  most_sent_per_s_ = std::max(most_sent_per_s_, trial.sent_per_s);
  const bool can_be_sent = by_load_.lower_bound(load_per_s) != by_load_.end() ||
                           most_sent_per_s_ >= kReached * static_cast<double>(load_per_s);
  if (++voids_ < (can_be_sent ? kMaxInvalidOfSendable : kMaxInvalid)) return;
  voids_ = 0;
  is_sender_slow_ = !can_be_sent;
  range_.unsendable_per_s = load_per_s;
  if (most_sent_per_s_ > 0)
    range_.unsendable_per_s = std::min(
        load_per_s, static_cast<std::uint64_t>(std::ceil(most_sent_per_s_ * kSenderReserve)));
}

void RateSearch::plan_next() {
  if (voids_ == 0) {
    next_.reset();
    for (const std::size_t goal : order_)
      if ((next_ = wanted_for(goal))) break;
  }
  if (!next_) return;
  if (trials_.size() >= plan_.most_trials) limit_ = SearchEnd::kTrialLimit;
  if (spent_ns_ + next_->duration_ns > plan_.most_time_ns) limit_ = SearchEnd::kTimeLimit;
  if (limit_ != SearchEnd::kNotYet) next_.reset();
}

std::optional<TrialInput> RateSearch::wanted_for(std::size_t goal) {
  GoalState& state = states_[goal];
  // What a short trial is good for is seen from the longer ones, so probes are not gone back to;
  // but the last one is as long as the trials that confirm it, and meets what they find.
  for (; true; ++state.at) {
    if (const auto wanted = probe(goal)) return wanted;
    if (state.at + 1 == state.probes.size()) return confirm(goal);
    state.before = probed(goal);
  }
}

std::optional<TrialInput> RateSearch::probe(std::size_t goal) const {
  const GoalState& state = states_[goal];
  const Probe& probe = state.probes[state.at];
  // An overload shows at once about how much gets through.
  if (trials_.empty()) return TrialInput{plan_.most_per_s, probe.duration_ns};
  const Bracket bracket = probed(goal);
  if (!bracket.is_narrow(probe.width)) {
    // What the shorter trials found is the first to be looked at.
    for (const auto& bound : {state.before.lower_per_s, state.before.upper_per_s})
      if (bound && bracket.is_inside(*bound) && *bound < range_.unsendable_per_s)
        return TrialInput{*bound, probe.duration_ns};
  }
  const auto load_per_s = next_load(bracket, range_, guess_per_s(goal), probe.width);
  if (!load_per_s) return std::nullopt;
  return TrialInput{*load_per_s, probe.duration_ns};
}

std::optional<TrialInput> RateSearch::confirm(std::size_t goal) const {
  const SearchGoal& whole = plan_.goals[goal];
  const Bracket bracket = probed(goal);
  // A load that a single trial decides about is decided by more in the same way, or its probe is
  // done again: so these two become the goal's own bounds. The smaller first, as it may show that
  // the larger says nothing.
  for (const auto& bound : {bracket.lower_per_s, bracket.upper_per_s}) {
    if (!bound || *bound >= range_.unsendable_per_s) continue;
    if (classify_load(whole, by_load_.at(*bound)) == LoadClass::kUndecided)
      return TrialInput{*bound, whole.final_trial_ns};
  }
  return std::nullopt;
}

Bracket RateSearch::probed(std::size_t goal) const {
  SearchGoal single = plan_.goals[goal];
  single.final_trial_ns = states_[goal].probes[states_[goal].at].duration_ns;
  single.duration_sum_ns = single.final_trial_ns;
  return bracket_of(single, by_load_);
}

double RateSearch::guess_per_s(std::size_t goal) const {
  const GoalState& state = states_[goal];
  const double most_loss_ratio = plan_.goals[goal].loss_ratio;
  if (by_load_.empty()) return kSurelySendable * static_cast<double>(range_.unsendable_per_s);
  // What arrives of a load that is too large is what the path carries, or near to it. Of such
  // trials the first one is taken, and else the first of all, so that the guess stays where it is
  // while steps away from it grow.
  const SearchTrial* first = nullptr;
  for (const SearchTrial& trial : trials_) {
    if (trial.is_invalid() || trial.input.duration_ns < state.probes[state.at].duration_ns)
      continue;
    if (state.before.lower_per_s && trial.input.load_per_s != *state.before.lower_per_s) continue;
    if (first == nullptr) first = &trial;
    if (trial.loss_ratio <= most_loss_ratio) continue;
    first = &trial;
    break;
  }
  if (first == nullptr)
    return static_cast<double>(state.before.lower_per_s.value_or(range_.most_per_s));
  return static_cast<double>(first->input.load_per_s) * (1 - first->loss_ratio) /
         (1 - most_loss_ratio);
}

bool RateSearch::wants_more(std::size_t goal) const {
  const std::size_t at = states_[goal].at;
  return at + 1 < states_[goal].probes.size() || probe(goal) || confirm(goal);
}

SearchEnd RateSearch::end_of(std::size_t goal, const Bracket& bounds) const {
  if (bounds.is_narrow(plan_.goals[goal].width)) return SearchEnd::kReached;
  if (wants_more(goal)) return limit_;
  if (bounds.lower_per_s == plan_.most_per_s) return SearchEnd::kMaxLoad;
  if (bounds.upper_per_s == plan_.least_per_s) return SearchEnd::kMinLoad;
  return is_sender_slow_ ? SearchEnd::kSenderLimit : SearchEnd::kInvalidTrials;
}

std::vector<GoalResult> RateSearch::results() const {
  std::vector<GoalResult> results;
  for (std::size_t at = 0; at < plan_.goals.size(); ++at) {
    const SearchGoal& goal = plan_.goals[at];
    GoalResult result;
    result.goal = goal;
    result.bounds = bracket_of(goal, by_load_);
    result.loss_inversion = has_loss_inversion(goal, by_load_);
    if (result.bounds.lower_per_s)
      result.conditional_throughput_per_s =
          conditional_throughput_per_s(goal, by_load_.at(*result.bounds.lower_per_s));
    result.end = end_of(at, result.bounds);
    results.push_back(std::move(result));
  }
  return results;
}

}  // namespace tunrelay
