// SPDX-License-Identifier: MIT
#include "tunnel/tunnel_scenario.hpp"

#include <fmt/format.h>
#include <sys/timerfd.h>

#include <algorithm>
#include <utility>

#include "base/clock.hpp"
#include "base/ensure.hpp"
#include "base/error.hpp"
#include "link/emulated_link.hpp"
#include "link/link_change.hpp"
#include "link/stage_text.hpp"

namespace tunrelay {
namespace {

// How exact the start of a scenario is that waits for traffic.
constexpr std::int64_t kTrafficLookNs = 5 * kNanosecondsPerMillisecond;
constexpr std::int64_t kRetryNs = 100 * kNanosecondsPerMillisecond;

}  // namespace

TunnelScenario::TunnelScenario(const TunnelOptions& options)
    : timer_(check_system_call(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK),
                               "make", "a timer")) {
  if (!options.scenario) return;
  options.scenario->check(link_type_of(options.type));
  play(std::make_unique<ScenarioPlayer>(options.scenario,
                                        seeded_for(*options.scenario, options.link)),
       options.scenario->name);
}

void TunnelScenario::play(std::unique_ptr<ScenarioPlayer> player, std::string name) noexcept {
  player_ = std::move(player);
  is_overdue_ = false;
  report_ = ScenarioReport{.name = std::move(name), .seed = player_->link().seed.value_or(0)};
}

void TunnelScenario::begin(std::int64_t now_ns, std::uint64_t taken, std::int64_t ready_ns) {
  if (!player_) return;
  begun_ns_ = now_ns;
  taken_before_ = taken;
  waits_for_traffic_ = player_->scenario().start == Scenario::Start::kTraffic;
  report_->state =
      waits_for_traffic_ ? ScenarioReport::State::kWaiting : ScenarioReport::State::kPlaying;
  report_->ready_ns = ready_ns;
  report_->begun_ns = waits_for_traffic_ ? 0 : now_ns - ready_ns;
  arm(now_ns);
}

std::optional<LinkDescription> TunnelScenario::due(std::int64_t now_ns, std::uint64_t taken) {
  if (!player_) return std::nullopt;
  if (waits_for_traffic_) {
    if (taken == taken_before_) {
      arm(now_ns + kTrafficLookNs);
      return std::nullopt;
    }
    waits_for_traffic_ = false;
    begun_ns_ = now_ns;
    report_->begun_ns = now_ns - report_->ready_ns;
    report_->state = ScenarioReport::State::kPlaying;
  }
  const std::int64_t next_ns = player_->next_ns();
  bool differs = std::exchange(is_overdue_, false);
  if (next_ns != ScenarioPlayer::kNever && begun_ns_ + next_ns <= now_ns) {
    report_->late_ns = std::max(report_->late_ns, now_ns - begun_ns_ - next_ns);
    differs = player_->advance(now_ns - begun_ns_) || differs;
    if (differs) report_->last_change_ns = now_ns - begun_ns_;
  }
  if (player_->next_ns() == ScenarioPlayer::kNever) {
    report_->state = ScenarioReport::State::kOver;
    disarm();
  } else {
    arm(begun_ns_ + player_->next_ns());
  }
  return differs ? std::optional(player_->link()) : std::nullopt;
}

void TunnelScenario::note_change(bool is_in_place) noexcept {
  ++report_->changes;
  if (!is_in_place) ++report_->replaced;
}

void TunnelScenario::note_failure(std::int64_t now_ns) {
  is_overdue_ = true;
  arm(now_ns + kRetryNs);
}

void TunnelScenario::end() noexcept {
  if (!player_) return;
  player_.reset();
  disarm();
  if (report_->state != ScenarioReport::State::kOver)
    report_->state = ScenarioReport::State::kStopped;
}

// Setting the timer takes back that it was readable.
void TunnelScenario::arm(std::int64_t when_ns) noexcept {
  const itimerspec when{.it_interval = {},
                        .it_value = to_timespec(std::max<std::int64_t>(when_ns, 1))};
  ensure(::timerfd_settime(timer_.get(), TFD_TIMER_ABSTIME, &when, nullptr) == 0,
         "a timer can be set");
}

void TunnelScenario::disarm() noexcept {
  constexpr itimerspec kNever{};
  ensure(::timerfd_settime(timer_.get(), 0, &kNever, nullptr) == 0, "a timer can be set");
}

std::string change_text(const LinkDescription& former, const LinkDescription& next,
                        const std::array<bool, kDirections>& in_place) {
  constexpr std::array<const char*, kDirections> kKeys{"a_to_b", "b_to_a"};
  std::string text;
  for (std::size_t direction = 0; direction < kDirections; ++direction) {
    const StageList& stages = next.directions.at(direction);
    if (stages == former.directions.at(direction)) continue;
    text += fmt::format("{}{}: {} ({})", text.empty() ? "" : "; ", kKeys.at(direction),
                        stages.empty() ? "nothing" : print_stages(stages),
                        change_text(in_place.at(direction)));
  }
  return text;
}

}  // namespace tunrelay
