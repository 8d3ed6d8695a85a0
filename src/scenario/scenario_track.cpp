// SPDX-License-Identifier: MIT
#include "scenario/scenario_track.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "base/clock.hpp"
#include "base/philox.hpp"

namespace tunrelay {
namespace {

constexpr std::uint32_t kPurpose = 0x7363656e;  // beside those of stages
// A change takes a moment of each worker.
constexpr std::int64_t kMinStateNs = kNanosecondsPerMillisecond;

/// Random numbers of one entry, by their place in a sequence.
class Draws {
 public:
  Draws(std::uint64_t seed, std::uint32_t entry)
      : key_{static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32)},
        entry_(entry) {}

  /// Two numbers over 0, up to 1.
  [[nodiscard]] std::array<double, 2> uniform(std::uint64_t number) const {
    const auto words = philox({static_cast<std::uint32_t>(number),
                               static_cast<std::uint32_t>(number >> 32), entry_, kPurpose},
                              key_);
    const auto ratio = [](std::uint32_t high, std::uint32_t low) {
      const std::uint64_t bits = (std::uint64_t{high} << 32 | low) >> 11;
      return static_cast<double>(bits + 1) * 0x1p-53;
    };
    return {ratio(words[0], words[1]), ratio(words[2], words[3])};
  }
  /// Of mean 0 and deviation 1, by Box and Muller.
  [[nodiscard]] double normal(std::uint64_t number) const {
    const auto [radius, angle] = uniform(number);
    return std::sqrt(-2 * std::log(radius)) * std::cos(2 * std::numbers::pi * angle);
  }

 private:
  PhiloxKey key_;
  std::uint32_t entry_;
};

class RowsTrack final : public ScenarioTrack {
 public:
  RowsTrack(const ScenarioEntry& entry, const ActionRows& rows)
      : entry_(entry), rows_(rows), begin_ns_(entry.at_ns) {
    if (rows_.times_ns.empty() || begin_ns_ >= entry_.until_ns) begin_ns_ = kNever;
  }

  [[nodiscard]] std::int64_t next_ns() const noexcept override {
    return begin_ns_ == kNever ? kNever : begin_ns_ + rows_.times_ns[row_];
  }
  [[nodiscard]] LinkAction take() override {
    LinkAction action = rows_.actions[row_];
    ++row_;
    // What would come after its next beginning does not.
    const bool is_through = row_ == rows_.times_ns.size() ||
                            (entry_.every_ns != 0 && rows_.times_ns[row_] >= entry_.every_ns);
    if (is_through) begin_again();
    return action;
  }

 private:
  void begin_again() noexcept {
    row_ = 0;
    begin_ns_ += entry_.every_ns;
    if (entry_.every_ns == 0 || ++rounds_ == entry_.times || begin_ns_ >= entry_.until_ns)
      begin_ns_ = kNever;
  }

  const ScenarioEntry& entry_;
  const ActionRows& rows_;
  std::int64_t begin_ns_;
  std::uint64_t rounds_ = 0;  ///< that are through
  std::size_t row_ = 0;
};

class RandomTrack final : public ScenarioTrack {
 public:
  RandomTrack(const ScenarioEntry& entry, const RandomModel& model, const Draws& draws)
      : entry_(entry), model_(model), draws_(draws), value_(model.begin) {}

  [[nodiscard]] std::int64_t next_ns() const noexcept override {
    const std::int64_t moment_ns =
        entry_.at_ns + static_cast<std::int64_t>(number_) * model_.interval_ns;
    return moment_ns < entry_.until_ns ? moment_ns : kNever;
  }
  [[nodiscard]] LinkAction take() override {
    if (model_.kind == RandomModel::Kind::kLogNormal)
      value_ = std::clamp(model_.begin * std::exp(model_.spread * draws_.normal(number_)),
                          model_.least, model_.most);
    else if (number_ != 0)
      value_ = reflected(value_ + model_.spread * draws_.normal(number_));
    ++number_;
    LinkAction action;
    for (const std::size_t direction : model_.directions)
      action.settings.push_back({direction, model_.parameter, value_});
    return action;
  }

 private:
  /// VALUE, turned back at both ends as often as it takes.
  [[nodiscard]] double reflected(double value) const noexcept {
    const double range = model_.most - model_.least;
    if (range <= 0) return model_.least;
    const double place = std::fmod(std::abs(value - model_.least), 2 * range);
    return model_.least + (place <= range ? place : 2 * range - place);
  }

  const ScenarioEntry& entry_;
  const RandomModel& model_;
  Draws draws_;
  double value_;
  std::uint64_t number_ = 0;
};

class StateTrack final : public ScenarioTrack {
 public:
  StateTrack(const ScenarioEntry& entry, const StateModel& model, const Draws& draws)
      : entry_(entry), model_(model), draws_(draws), next_ns_(entry.at_ns) {
    if (next_ns_ >= entry_.until_ns) next_ns_ = kNever;
  }

  [[nodiscard]] std::int64_t next_ns() const noexcept override { return next_ns_; }
  [[nodiscard]] LinkAction take() override {
    LinkAction action;
    if (number_ != 0) action.outages = -model_.states[state_].action.outages;
    if (next_ns_ >= entry_.until_ns) {
      next_ns_ = kNever;
      return action;
    }
    const auto [of_state, of_time] = draws_.uniform(number_);
    if (number_ != 0) state_ = following(of_state);
    ++number_;
    const StateModel::State& state = model_.states[state_];
    const double lasts_ns = -static_cast<double>(state.mean_ns) * std::log(of_time);
    next_ns_ += std::max(kMinStateNs, static_cast<std::int64_t>(std::llround(lasts_ns)));
    next_ns_ = std::min(next_ns_, entry_.until_ns);
    action.append(state.action);
    return action;
  }

 private:
  [[nodiscard]] std::size_t following(double random) const noexcept {
    const std::vector<double>& next = model_.states[state_].next;
    double sum = 0;
    for (const double weight : next) sum += weight;
    double left = random * sum;
    for (std::size_t state = 0; state < next.size(); ++state) {
      left -= next[state];
      if (left <= 0 && next[state] > 0) return state;
    }
    return state_;
  }

  const ScenarioEntry& entry_;
  const StateModel& model_;
  Draws draws_;
  std::size_t state_ = 0;
  std::int64_t next_ns_;
  std::uint64_t number_ = 0;
};

}  // namespace

std::unique_ptr<ScenarioTrack> make_track(const ScenarioEntry& entry, std::uint64_t seed,
                                          std::uint32_t number) {
  if (const auto* rows = std::get_if<ActionRows>(&entry.what))
    return std::make_unique<RowsTrack>(entry, *rows);
  const Draws draws(seed, number);
  if (const auto* model = std::get_if<RandomModel>(&entry.what))
    return std::make_unique<RandomTrack>(entry, *model, draws);
  return std::make_unique<StateTrack>(entry, std::get<StateModel>(entry.what), draws);
}

}  // namespace tunrelay
