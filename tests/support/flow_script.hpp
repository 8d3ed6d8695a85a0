// SPDX-License-Identifier: MIT
// A TCP connection across a lossy link, made from a string of bytes: a sender of super-packets that
// sends some again, a link that loses wire segments, delays and repeats runs, a receiver that
// acknowledges. A FlowTable and NaiveTcpFlow see the same.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <string>

#include "flow/flow_table.hpp"
#include "support/naive_tcp_flow.hpp"
#include "support/owned_packet.hpp"

namespace tunrelay::test {

class FlowScript {
 public:
  /// INITIAL_SEQUENCE: of the stream's first byte, so that numbers may go round.
  explicit FlowScript(std::uint32_t initial_sequence);

  /// Plays SCRIPT, a step a byte. Returns in what the two differ, empty: in nothing.
  [[nodiscard]] std::string play(std::span<const std::uint8_t> script);

 private:
  static constexpr std::uint64_t kSegmentBytes = 10;
  // What TcpAnalysis remembers is limited, and the naive one's memory is not.
  static constexpr std::size_t kMaxUnderWay = 12;
  static constexpr std::size_t kMaxSentAgain = 15;

  struct UnderWay {
    std::shared_ptr<OwnedPacket> packet;
    SegmentRun run;
    std::uint64_t begin = 0;  ///< offset of the packet's first byte
  };

  void step(std::uint8_t choice);
  void shake_hands();
  void send(std::uint64_t begin, std::uint64_t segments);
  void send_again(std::uint8_t choice);
  void deliver(std::size_t place, bool stays);
  void lose(std::size_t place, std::uint16_t segment);
  void acknowledge();
  [[nodiscard]] OwnedPacket packet_of(bool is_forth, std::uint64_t offset,
                                      std::uint64_t payload_bytes, std::uint8_t flags) const;
  [[nodiscard]] std::string differences() const;

  std::uint32_t initial_sequence_;
  FlowTable table_{4};
  NaiveTcpFlow naive_;
  std::int64_t now_ns_ = 1'000'000;
  std::uint64_t next_ = 0;
  std::size_t times_sent_again_ = 0;
  std::deque<UnderWay> under_way_;
  std::set<std::uint64_t> delivered_;
  std::uint64_t acknowledged_ = 0;  ///< by the receiver
  std::uint64_t segments_read_ = 0, segments_written_ = 0, segments_lost_ = 0;
};

}  // namespace tunrelay::test
