// SPDX-License-Identifier: MIT
// From what was measured of a real link to a description that behaves like it: rates over time as
// steps, delays as an empirical table, losses as the model of those at hand that says most with
// least.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "fit/delay_fit.hpp"
#include "fit/loss_fit.hpp"
#include "fit/measurement.hpp"
#include "fit/rate_fit.hpp"

namespace tunrelay {

/// Of one way; what could not be known is missing.
struct WayFit {
  std::size_t packets = 0;
  std::size_t arrived = 0;
  std::optional<RateFit> rate;
  std::optional<DelayFit> delay;
  std::optional<LossFit> loss;
};

struct FittedFile {
  std::string name;
  std::string text;
};

struct LinkFit {
  std::string toml;
  std::vector<FittedFile> files;  ///< that the link file names, to be beside it
  std::array<WayFit, 2> ways;     ///< 0: a to b, 1: b to a
};

/// Where the link was full, packets waited in a queue and were lost by it: delays and losses are
/// fitted to the packets that met an empty one, or, where those are fewer than a hundred, the delay
/// is the least that was measured. Of round trips the way there has half of the shortest, and the
/// way back all the rest, since a packet may be late on either. STEM: how the link file is called,
/// without its ending.
[[nodiscard]] LinkFit fit_link(const LinkMeasurement& measurement, const std::string& stem);

}  // namespace tunrelay
