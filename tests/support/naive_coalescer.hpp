// SPDX-License-Identifier: MIT
// Which packets of a batch belong together, decided the slow way: every open group is looked
// at for every packet, and headers are compared as whole byte strings in which the fields that
// may differ are blanked out.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "packet/merge_rules.hpp"
#include "packet/packet.hpp"

namespace tunrelay::test {

/// Indices in the batch, group by group, in the order of the groups' first packets.
/// PACKETS: parsed.
[[nodiscard]] std::vector<std::vector<std::size_t>> coalesce_naively(
    std::span<const Packet> packets, const MergeRules& rules);

}  // namespace tunrelay::test
