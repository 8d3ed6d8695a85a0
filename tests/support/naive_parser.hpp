// SPDX-License-Identifier: MIT
// A second reading of a frame, written to be compared with parse(): every byte is fetched
// through a bounds check, every rule is a line of its own, nothing is fast.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "packet/packet.hpp"
#include "packet/parse.hpp"

namespace tunrelay::test {

struct NaiveReading {
  Layers layers;
  std::uint32_t segments = 1;
};

/// Nothing when the frame must be refused.
[[nodiscard]] std::optional<NaiveReading> parse_naively(std::span<const std::byte> frame,
                                                        const VirtioNetHeader& header,
                                                        const LinkLimits& limits);

}  // namespace tunrelay::test
