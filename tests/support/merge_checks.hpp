// SPDX-License-Identifier: MIT
// What must hold of any plan of a Coalescer, whatever the batch: for property tests, and for
// the fuzzer, which has no test framework; so a check answers with text. Needs tunrelay_packet.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "packet/coalesce.hpp"
#include "support/naive_packet.hpp"
#include "support/owned_packet.hpp"
#include "support/scripted_batch.hpp"

namespace tunrelay::test {

/// Takes the IPv4 ID out of a complete packet of an atomic datagram: nothing may read it.
[[nodiscard]] Frame without_atomic_id(Frame frame, LinkType link_type);

class MergeChecks {
 public:
  MergeChecks(Coalescer& coalescer, const MergeRules& rules, ScriptedBatch batch);

  /// Without any check.
  void plan() { coalescer_.plan(packets_); }
  /// "" when all is well. COALESCER may have planned other batches before.
  [[nodiscard]] std::string run();
  [[nodiscard]] std::size_t merged_packets() const { return merged_packets_; }

 private:
  [[nodiscard]] std::string check_order(const std::vector<std::vector<std::size_t>>& planned) const;
  [[nodiscard]] bool may_be_one_flow(std::size_t left, std::size_t right) const;
  [[nodiscard]] std::string check_group(const MergeGroup& group,
                                        const std::vector<std::size_t>& members) const;
  [[nodiscard]] std::vector<Frame> expected_segments(const std::vector<std::size_t>& members) const;
  [[nodiscard]] std::string check_segments(std::vector<Frame> segments,
                                           std::vector<Frame> expected) const;

  Coalescer& coalescer_;
  MergeRules rules_;
  ScriptedBatch batch_;
  std::vector<OwnedPacket> owned_;
  std::vector<Packet> packets_;
  std::size_t merged_packets_ = 0;
};

}  // namespace tunrelay::test
