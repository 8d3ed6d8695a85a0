// SPDX-License-Identifier: MIT
// Random numbers that follow each other as netem's do: get_crandom() of net/sched/sch_netem.c.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "stage/random_stream.hpp"

namespace tunrelay {

/// A probability as a threshold for 32 random bits: those below it, of 2^32, are hits.
[[nodiscard]] inline std::uint64_t threshold_of(double probability) noexcept {
  constexpr double kAll = 4294967296.0;
  return static_cast<std::uint64_t>(std::llround(std::clamp(probability, 0.0, 1.0) * kAll));
}

/// Each number is a mix of a new one and the one before: with a correlation above 0 the segments
/// must be drawn one by one, in order.
class CorrelatedDraw {
 public:
  CorrelatedDraw(const RandomStream& stream, double correlation) noexcept
      : stream_(stream),
        weight_before_(threshold_of(correlation)),
        before_(stream.at(~std::uint64_t{0})[0]) {}

  [[nodiscard]] bool is_correlated() const noexcept { return weight_before_ != 0; }
  [[nodiscard]] std::uint32_t draw(std::uint64_t number) noexcept {
    const std::uint64_t fresh = stream_.at(number)[0];
    if (!is_correlated()) return static_cast<std::uint32_t>(fresh);
    constexpr std::uint64_t kAll = std::uint64_t{1} << 32;
    before_ = (fresh * (kAll - weight_before_) + before_ * weight_before_) >> 32;
    return static_cast<std::uint32_t>(before_);
  }

 private:
  RandomStream stream_;
  std::uint64_t weight_before_;  ///< of 2^32
  std::uint64_t before_;
};

}  // namespace tunrelay
