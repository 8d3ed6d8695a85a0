// SPDX-License-Identifier: MIT
// Runs of wire segments that wait before a link, in one list or in many, with when each came.
// Nothing is allocated once the pool is made, and its memory is used only as far as runs wait.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "packet/packet.hpp"

namespace tunrelay {

/// A packet whose run is what of it still waits.
struct WaitingRun {
  Packet packet;
  std::int64_t arrival_ns = 0;  ///< at this queue
  std::uint32_t next = 0;       ///< its list's, or the pool's
};

/// Memory for the runs of all lists of a queue. Used by one thread.
class RunPool {
 public:
  static constexpr std::uint32_t kNone = UINT32_MAX;

  /// CAPACITY: runs, below kNone.
  explicit RunPool(std::size_t capacity) : capacity_(capacity) { runs_.reserve(capacity); }

  /// For two: a run whose place is not yet taken, and the one that is asked for.
  [[nodiscard]] bool has_room() const noexcept { return used_ + 2 <= capacity_; }
  [[nodiscard]] std::size_t capacity() const noexcept { return capacity_; }
  /// There must be room.
  [[nodiscard]] std::uint32_t take(const Packet& packet, std::int64_t arrival_ns) noexcept {
    ++used_;
    if (free_ == kNone) {
      runs_.push_back({packet, arrival_ns, kNone});
      return static_cast<std::uint32_t>(runs_.size() - 1);
    }
    const std::uint32_t place = free_;
    free_ = runs_[place].next;
    runs_[place] = {packet, arrival_ns, kNone};
    return place;
  }
  void give_back(std::uint32_t place) noexcept {
    --used_;
    runs_[place].next = free_;
    free_ = place;
  }
  [[nodiscard]] WaitingRun& operator[](std::uint32_t place) noexcept { return runs_[place]; }
  [[nodiscard]] const WaitingRun& operator[](std::uint32_t place) const noexcept {
    return runs_[place];
  }

 private:
  std::size_t capacity_;
  std::size_t used_ = 0;
  std::vector<WaitingRun> runs_;
  std::uint32_t free_ = kNone;  ///< the place that was given back last
};

/// First in, first out. Every call is given the pool that the list's runs stand in.
class RunList {
 public:
  [[nodiscard]] bool empty() const noexcept { return first_ == RunPool::kNone; }
  [[nodiscard]] WaitingRun& front(RunPool& pool) const noexcept { return pool[first_]; }
  [[nodiscard]] const WaitingRun& front(const RunPool& pool) const noexcept { return pool[first_]; }

  /// Behind all others; the pool must have room.
  void push(RunPool& pool, const Packet& packet, std::int64_t arrival_ns) noexcept {
    const std::uint32_t place = pool.take(packet, arrival_ns);
    (empty() ? first_ : pool[last_].next) = place;
    last_ = place;
  }
  void pop(RunPool& pool) noexcept {
    const std::uint32_t place = first_;
    first_ = pool[place].next;
    pool.give_back(place);
  }
  /// The first one, which leaves the list.
  [[nodiscard]] WaitingRun take_front(RunPool& pool) noexcept {
    const WaitingRun first = front(pool);
    pop(pool);
    return first;
  }
  /// Moves all runs, which stand in FROM, to TO, which must have room.
  void move_runs(RunPool& from, RunPool& to) noexcept {
    RunList moved;
    for (; !empty(); pop(from)) moved.push(to, front(from).packet, front(from).arrival_ns);
    *this = moved;
  }
  /// Calls VISIT(run) for each, the first one first.
  template <typename Visit>
  void for_each(const RunPool& pool, Visit visit) const noexcept {
    if (empty()) return;
    for (std::uint32_t place = first_;; place = pool[place].next) {
      visit(pool[place]);
      if (place == last_) return;
    }
  }

 private:
  std::uint32_t first_ = RunPool::kNone;
  std::uint32_t last_ = RunPool::kNone;  ///< nothing when it is empty
};

}  // namespace tunrelay
