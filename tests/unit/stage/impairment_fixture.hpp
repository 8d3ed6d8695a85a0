// SPDX-License-Identifier: MIT
// Packets of many wire segments for the stages that impair them, and what is known of each.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <utility>
#include <vector>

#include "stage/random_stream.hpp"
#include "stage/stage.hpp"
#include "support/naive_segmenter.hpp"
#include "support/owned_packet.hpp"
#include "support/random.hpp"
#include "support/stage_record.hpp"

namespace tunrelay::test {

inline constexpr ImpairmentKey kSomeKey{.seed = 20261125, .stage = 3, .direction = 1};

/// Packets of the given numbers of segments, one after the other, in memory of their own.
class SegmentedPackets {
 public:
  static constexpr std::uint16_t kSegmentBytes = 10;

  explicit SegmentedPackets(const std::vector<std::uint16_t>& segments) {
    for (const std::uint16_t count : segments) {
      PacketSpec spec;
      // Not all full: the last segment of a packet is mostly shorter.
      spec.payload = counting_bytes(std::size_t{kSegmentBytes} * count - count % 3, owned_.size());
      if (count > 1) spec.gso_size = kSegmentBytes;
      spec.sequence = static_cast<std::uint32_t>(1000 * owned_.size());
      frames_.push_back(build_frame(spec));
      owned_.push_back(std::make_unique<OwnedPacket>(frames_.back(), LinkLimits{}));
      EXPECT_EQ(owned_.back()->fault, std::nullopt);
      Packet packet = owned_.back()->packet;
      packet.buffer = static_cast<BufferId>(packets_.size());
      EXPECT_EQ(packet.run.count(), count);
      packets_.push_back(packet);
    }
  }
  /// SEGMENTS in all, in packets of 1 to 45.
  static SegmentedPackets random(SeededRandom& random, std::size_t segments) {
    std::vector<std::uint16_t> counts;
    while (segments > 0) {
      counts.push_back(
          static_cast<std::uint16_t>(random.between(1, std::min<std::size_t>(segments, 45))));
      segments -= counts.back();
    }
    return SegmentedPackets(counts);
  }

  [[nodiscard]] const std::vector<Packet>& packets() const { return packets_; }
  [[nodiscard]] Tally tally() const {
    Tally sum;
    for (const Packet& packet : packets_) sum += tally_of(packet);
    return sum;
  }
  /// Every wire segment of them, complete, as the naive segmenter cuts it.
  [[nodiscard]] std::vector<Bytes> wire_frames() const {
    std::vector<Bytes> wire;
    for (const Frame& frame : frames_)
      for (const Frame& segment : segment_naively(frame, LinkType::kIp))
        wire.push_back(completed(segment).bytes);
    return wire;
  }

  /// Gives all to STAGE at NOW, at random in one batch or several.
  void give(Stage& stage, StageRecord& record, std::int64_t now_ns, SeededRandom& random) const {
    record.now_ns = now_ns;
    for (const Packet& packet : packets_) record.own(packet);
    for (std::size_t first = 0; first < packets_.size();) {
      const std::size_t count = random.between(1, packets_.size() - first);
      stage.process(std::span(packets_).subspan(first, count), now_ns, record);
      first += count;
    }
  }

 private:
  std::vector<Frame> frames_;
  std::vector<std::unique_ptr<OwnedPacket>> owned_;
  std::vector<Packet> packets_;
};

/// What the receiver of the passed packets sees, each wire segment complete.
inline std::vector<Bytes> wire_frames_of(const std::vector<Packet>& packets) {
  std::vector<Bytes> wire;
  for (const Packet& packet : packets) {
    const Frame frame{packet.header, {packet.bytes().begin(), packet.bytes().end()}};
    const std::vector<Frame> segments = segment_naively(frame, LinkType::kIp);
    for (std::size_t at = packet.run.first; at < packet.run.last; ++at)
      wire.push_back(completed(segments.at(at)).bytes);
  }
  return wire;
}

inline std::shared_ptr<SegmentNumbers> new_numbers() {
  return std::make_shared<SegmentNumbers>();
}

}  // namespace tunrelay::test
