// SPDX-License-Identifier: MIT
// Runs of wire segments that wait, each for a time of its own. Nothing is allocated once it is
// made, and its memory is used only as far as runs wait.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "packet/packet.hpp"

namespace tunrelay {

/// Used by one thread.
class ReleaseQueue {
 public:
  explicit ReleaseQueue(std::size_t capacity) : capacity_(capacity) {
    runs_.reserve(capacity);
    free_.reserve(capacity);
    order_.reserve(capacity);
  }

  [[nodiscard]] bool empty() const noexcept { return order_.empty(); }
  [[nodiscard]] bool full() const noexcept { return order_.size() == capacity_; }
  [[nodiscard]] const Tally& queued() const noexcept { return queued_; }
  /// When the next one is due; there must be one.
  [[nodiscard]] std::int64_t next_ns() const noexcept { return order_.front().release_ns; }
  /// No earlier than when the last one of those that wait is due.
  [[nodiscard]] std::int64_t last_ns() const noexcept { return last_ns_; }

  /// Those of one time keep their order. It must not be full.
  void push(const Packet& packet, std::int64_t release_ns) noexcept {
    std::uint32_t place = static_cast<std::uint32_t>(runs_.size());
    if (free_.empty()) {
      runs_.push_back(packet);
    } else {
      place = free_.back();
      free_.pop_back();
      runs_[place] = packet;
    }
    queued_ += tally_of(packet);
    last_ns_ = std::max(last_ns_, release_ns);
    order_.push_back({release_ns, pushed_++, place});
    std::push_heap(order_.begin(), order_.end(), is_later);
  }
  /// Takes the one that is due next.
  [[nodiscard]] Packet pop() noexcept {
    std::pop_heap(order_.begin(), order_.end(), is_later);
    const std::uint32_t place = order_.back().place;
    order_.pop_back();
    free_.push_back(place);
    queued_ -= tally_of(runs_[place]);
    return runs_[place];
  }

 private:
  struct Waiting {
    std::int64_t release_ns;
    std::uint64_t number;  ///< in the order of push()
    std::uint32_t place;   ///< in runs_
  };
  static bool is_later(const Waiting& left, const Waiting& right) noexcept {
    return left.release_ns != right.release_ns ? left.release_ns > right.release_ns
                                               : left.number > right.number;
  }

  std::size_t capacity_;
  std::vector<Packet> runs_;
  std::vector<std::uint32_t> free_;  ///< places of runs_ that nobody waits in
  std::vector<Waiting> order_;       ///< a heap: the next one first
  std::uint64_t pushed_ = 0;
  std::int64_t last_ns_ = INT64_MIN;
  Tally queued_;
};

}  // namespace tunrelay
