// SPDX-License-Identifier: MIT
// What a stage lets out, written down a wire segment at a time, with a count of each buffer's
// references as the arena has it: a stage that shares too often or too seldom is found.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "packet/ecn.hpp"
#include "stage/stage.hpp"

namespace tunrelay::test {

struct SegmentFate {
  BufferId buffer = 0;
  std::uint16_t segment = 0;
  std::int64_t when_ns = 0;
  bool dropped = false;
  bool marked = false;

  bool operator==(const SegmentFate&) const = default;
};

class StageRecord final : public StageOutput {
 public:
  std::int64_t now_ns = 0;          ///< set by the test before each call of the stage
  std::vector<SegmentFate> passed;  ///< in order
  std::vector<SegmentFate> dropped;
  std::vector<SegmentRun> runs;  ///< as they were passed
  std::vector<Packet> packets;   ///< as they were passed
  Tally passed_tally;
  Tally dropped_tally;
  Tally made_tally;
  std::size_t spaces_left = 1'000'000;  ///< take_buffer() has nothing when there are none

  /// Gives PACKET to STAGE at NOW, as the engine would: with one reference to its buffer.
  void give(Stage& stage, const Packet& packet, std::int64_t at_ns) {
    now_ns = at_ns;
    own(packet);
    stage.process({&packet, 1}, at_ns, *this);
  }
  /// A reference to the packet's buffer, for a test that calls process() itself.
  void own(const Packet& packet) { ++references_[packet.buffer]; }
  /// Lets the stage do what is due until UNTIL, each time when it is due.
  void run(Stage& stage, std::int64_t until_ns) {
    while (stage.next_deadline_ns() <= until_ns) {
      now_ns = std::max(now_ns, stage.next_deadline_ns());
      stage.release(now_ns, *this);
    }
    now_ns = std::max(now_ns, until_ns);
  }

  void pass(const Packet& packet) noexcept override {
    write_down(packet, false, passed);
    runs.push_back(packet.run);
    packets.push_back(packet);
    passed_tally += tally_of(packet);
  }
  void drop(const Packet& packet, DropReason /*reason*/) noexcept override {
    write_down(packet, true, dropped);
    dropped_tally += tally_of(packet);
  }
  void share(const Packet& packet) noexcept override {
    EXPECT_GT(references_[packet.buffer], 0) << "a buffer that was given back is shared";
    ++references_[packet.buffer];
  }
  void copy(const Packet& packet) noexcept override {
    share(packet);
    made_tally += tally_of(packet);
  }
  [[nodiscard]] std::optional<FrameBuffer> take_buffer(const Packet& packet) noexcept override {
    if (spaces_left == 0) return std::nullopt;
    --spaces_left;
    // Numbers from the other end, so that a test's own buffers stay apart.
    const auto buffer = static_cast<BufferId>(0xffff - spaces_.size());
    spaces_.push_back(std::make_unique<std::byte[]>(kSpaceBytes));
    return FrameBuffer{buffer, packet.queue, spaces_.back().get() + kVirtioNetHeaderBytes};
  }
  void commit(const Packet& packet) noexcept override {
    EXPECT_EQ(references_[packet.buffer]++, 0) << "only a new frame is committed";
    made_tally += tally_of(packet);
  }
  void consume(const Packet& packet) noexcept override {
    EXPECT_GT(references_[packet.buffer]--, 0) << "a buffer that was given back is consumed";
    made_tally -= tally_of(packet);
  }
  /// How many references are still held by the stage, over all buffers.
  [[nodiscard]] int references() const {
    int sum = 0;
    for (const auto& [buffer, count] : references_) sum += count;
    return sum;
  }

 private:
  void write_down(const Packet& packet, bool is_drop, std::vector<SegmentFate>& to) {
    EXPECT_LT(packet.run.first, packet.run.last) << "an empty run";
    EXPECT_GT(references_[packet.buffer]--, 0) << "a buffer that was given back is used";
    for (std::uint16_t segment = packet.run.first; segment < packet.run.last; ++segment)
      to.push_back({packet.buffer, segment, now_ns, is_drop, is_marked(packet)});
  }

  // A frame of a wire segment; the tests' MTUs are far below.
  static constexpr std::size_t kSpaceBytes = 16384;

  std::map<BufferId, int> references_;
  std::vector<std::unique_ptr<std::byte[]>> spaces_;
};

}  // namespace tunrelay::test
