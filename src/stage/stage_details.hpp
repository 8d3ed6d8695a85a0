// SPDX-License-Identifier: MIT
// What a stage counts of its own decisions, beyond what goes in and comes out.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string_view>

#include "base/counter.hpp"

namespace tunrelay {

/// Wire segments, where nothing else is said.
enum class StageDetail : std::uint8_t {
  kDroppedFull,   ///< for the queue's limit
  kDroppedEarly,  ///< by the queue's rules, below its limit
  kMarked,        ///< by this stage
  kOverTarget,    ///< that waited for longer than the queue's target
  kNewFlows,      ///< flows that came to an empty flow queue
  kLowLatency,    ///< that left dualpi2's low-latency queue
  kStepMarked,    ///< of kMarked: because they waited there for longer than the step
  kOverRate,      ///< that a policer had no tokens for
  kSlots,         ///< slots that were drawn
};

struct StageDetailName {
  std::string_view key;   ///< in JSON
  std::string_view text;  ///< behind the number
};

/// In the order of StageDetail.
inline constexpr std::array<StageDetailName, 9> kStageDetailNames{
    {{"dropped_full_segments", "dropped by the limit"},
     {"dropped_early_segments", "dropped early"},
     {"marked_here_segments", "marked here"},
     {"over_target_segments", "over target"},
     {"new_flows", "new flows"},
     {"low_latency_segments", "low latency"},
     {"step_marked_segments", "marked by the step"},
     {"over_rate_segments", "over the rate"},
     {"slots", "slots"}}};
inline constexpr std::size_t kStageDetails = kStageDetailNames.size();

/// Counts of one moment, as plain numbers, of the details that a stage keeps.
class StageDetails {
 public:
  StageDetails() = default;
  StageDetails(std::initializer_list<StageDetail> kept) noexcept {
    for (const StageDetail detail : kept) kept_ |= bit(detail);
  }

  void add(StageDetail detail, std::uint64_t count = 1) noexcept {
    values_[place(detail)] += count;
  }
  [[nodiscard]] bool keeps(StageDetail detail) const noexcept { return (kept_ & bit(detail)) != 0; }
  [[nodiscard]] std::uint64_t get(StageDetail detail) const noexcept {
    return values_[place(detail)];
  }
  StageDetails& operator+=(const StageDetails& other) noexcept {
    kept_ |= other.kept_;
    for (std::size_t at = 0; at < kStageDetails; ++at) values_[at] += other.values_[at];
    return *this;
  }

 private:
  friend class StageDetailCounters;

  static std::size_t place(StageDetail detail) noexcept { return static_cast<std::size_t>(detail); }
  static std::uint64_t bit(StageDetail detail) noexcept {
    return std::uint64_t{1} << place(detail);
  }

  std::uint64_t kept_ = 0;
  std::array<std::uint64_t, kStageDetails> values_{};
};

/// The same, written by the stage's thread and readable by any.
class StageDetailCounters {
 public:
  void set(const StageDetails& details) noexcept {
    kept_.set(details.kept_);
    for (std::size_t at = 0; at < kStageDetails; ++at) values_[at].set(details.values_[at]);
  }
  [[nodiscard]] StageDetails get() const noexcept {
    StageDetails details;
    details.kept_ = kept_.get();
    for (std::size_t at = 0; at < kStageDetails; ++at) details.values_[at] = values_[at].get();
    return details;
  }

 private:
  Counter kept_;
  std::array<Counter, kStageDetails> values_;
};

}  // namespace tunrelay
