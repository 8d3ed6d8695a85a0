// SPDX-License-Identifier: MIT
// What the generator itself costs: round trips and rates where no link stands between its ends.
// Stated beside results, so that a reader knows below what they say nothing.
#pragma once

#include <cstdint>

#include <nlohmann/json.hpp>

#include "metrics/histogram.hpp"

namespace tunrelay {

struct GeneratorFloor {
  Histogram socketpair_round_trip;  ///< two threads, datagrams over a socketpair
  Histogram lo_round_trip;          ///< UDP, 64 bytes, over 127.0.0.1
  double lo_messages_per_s = 0;     ///< UDP, 64 bytes, unpaced: received
  Histogram lo_slip;                ///< of a schedule of 10,000 a second over lo
};

/// Takes DURATION_NS for each of its parts. The network namespace's lo must be up. Throws Error.
[[nodiscard]] GeneratorFloor measure_floor(std::int64_t duration_ns);
[[nodiscard]] nlohmann::json to_json(const GeneratorFloor& floor);

}  // namespace tunrelay
