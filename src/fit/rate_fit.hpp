// SPDX-License-Identifier: MIT
// How a rate over time is fitted: to what arrived while packets had to wait for it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "fit/measurement.hpp"

namespace tunrelay {

struct RateFit {
  struct Step {
    std::int64_t at_ns = 0;  ///< since the first packet was sent; the first step's is 0
    std::uint64_t bits_per_s = 0;
  };

  std::vector<Step> steps;  ///< at least one, ascending
  /// Of the intervals in which the link was full: what arrived in each, over what the steps say, is
  /// so far from 1 in the mean.
  double deviation = 0;
  double full_ratio = 0;             ///< of all intervals, those in which the link was full
  std::int64_t longest_wait_ns = 0;  ///< of a packet that arrived
  std::int64_t least_delay_ns = 0;
  bool has_losses_when_full = false;

  std::int64_t first_arrival_ns = 0;  ///< where the first interval begins
  std::int64_t interval_ns = 1;
  std::vector<bool> full;  ///< by interval of arrival: whether the link was full

  /// Whether PACKET met a full link; one that was lost goes by when it would have arrived.
  [[nodiscard]] bool met_full_link(const SentPacket& packet) const noexcept;
};

/// Time is cut into intervals of some 30 packets, at least 20 ms. The link is full in one when
/// every packet that arrives there has waited: for 1 ms and a fiftieth of the least delay, for half
/// of the mean wait, and in the mean for about as long as the one before it; and when that is so in
/// three of them in a row. What arrives then is the rate. Intervals whose rates are within a tenth
/// of each other are one step (neighbours are merged, the most alike first); one that lies between
/// its neighbours is where a step happens. No fit: sizes are not known, or the link was full in
/// less than five intervals.
[[nodiscard]] std::optional<RateFit> fit_rate(const SentPackets& packets);

/// The steps as a file of the stage `steps`.
[[nodiscard]] std::string rate_steps_text(const RateFit& fit, const std::string& from);

}  // namespace tunrelay
