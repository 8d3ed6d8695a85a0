// SPDX-License-Identifier: MIT
// A batch of packets made from a string of bytes: a few flows that mostly go on in order, so
// that there is much to merge, and now and then do anything that must end a merge. Random
// bytes make a random batch; a fuzzer looks for the bytes that make trouble.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "support/naive_packet.hpp"

namespace tunrelay::test {

struct ScriptedBatch {
  LinkType link_type = LinkType::kIp;
  std::vector<Frame> frames;  ///< at most kMaxBatch; each one is accepted by parse()
};

[[nodiscard]] ScriptedBatch batch_of(std::span<const std::uint8_t> script);

}  // namespace tunrelay::test
