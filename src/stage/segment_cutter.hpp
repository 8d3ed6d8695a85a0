// SPDX-License-Identifier: MIT
// Cuts packets at the wire segments that a stage acts on; what lies between leaves in the longest
// runs, and nothing is copied.
#pragma once

#include <memory>
#include <span>
#include <utility>

#include "stage/hit_sequence.hpp"
#include "stage/random_stream.hpp"
#include "stage/stage.hpp"

namespace tunrelay {

/// Used by one thread; NUMBERS are shared by the lanes of a direction.
class SegmentCutter {
 public:
  SegmentCutter(std::unique_ptr<HitSequence> hits, std::shared_ptr<SegmentNumbers> numbers)
      : hits_(std::move(hits)), numbers_(std::move(numbers)) {}

  /// Calls MISSED(run, number of its first segment) and HIT(segment, number) in the packets' order;
  /// each has a hold on its buffer of its own, to be passed or dropped.
  template <typename Missed, typename Hit>
  void cut(std::span<const Packet> packets, StageOutput& output, Missed missed, Hit hit) noexcept {
    std::uint64_t number = numbers_->take_for(packets);
    for (const Packet& packet : packets) {
      const std::uint64_t end = number + packet.run.count();
      Packet rest = packet;
      while (number != end) {
        const std::uint64_t at = hits_->next(number, end);
        if (at != number) missed(split_front(rest, at - number, output), number);
        number = at;
        if (at != end) hit(split_front(rest, 1, output), number++);
      }
    }
  }

 private:
  std::unique_ptr<HitSequence> hits_;
  std::shared_ptr<SegmentNumbers> numbers_;
};

}  // namespace tunrelay
