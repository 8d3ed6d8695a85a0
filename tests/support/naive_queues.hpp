// SPDX-License-Identifier: MIT
// CoDel and FQ-CoDel by the words of their RFCs, a packet at a time: slow, and meant to be
// obviously right.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <deque>
#include <list>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "stage/queue_config.hpp"

namespace tunrelay::test {

struct NaiveQueuedPacket {
  int number = 0;
  std::int64_t arrival_ns = 0;
  std::uint32_t bytes = 0;
};

/// RFC 8289, 5: dodequeue() and deque(), word for word, but for the root, which Linux takes by one
/// step of Newton's a drop; numbers of what was dropped.
class NaiveCodel {
 public:
  std::deque<NaiveQueuedPacket> queue;
  std::vector<int> dropped;

  [[nodiscard]] std::uint64_t bytes() const {
    std::uint64_t sum = 0;
    for (const NaiveQueuedPacket& packet : queue) sum += packet.bytes;
    return sum;
  }
  /// As Linux does for what is dropped because the queue is full.
  void strengthen() { ++count_; }

  /// ELSEWHERE_BYTES: what waits in other queues of the same link.
  std::optional<NaiveQueuedPacket> dequeue(std::int64_t now_ns, std::uint64_t elsewhere_bytes = 0) {
    elsewhere_bytes_ = elsewhere_bytes;
    Head head = take_head(now_ns);
    if (!head.packet) {
      dropping_ = false;
      return head.packet;
    }
    if (dropping_) {
      if (!head.ok_to_drop) dropping_ = false;
      while (now_ns >= drop_next_ns_ && dropping_) {
        dropped.push_back(head.packet->number);
        ++count_;
        take_root();
        head = take_head(now_ns);
        if (!head.ok_to_drop)
          dropping_ = false;
        else
          drop_next_ns_ = law(drop_next_ns_);
      }
    } else if (head.ok_to_drop) {
      dropped.push_back(head.packet->number);
      head = take_head(now_ns);
      dropping_ = true;
      const std::uint64_t delta = count_ - last_count_;
      const bool goes_on = delta > 1 && now_ns - drop_next_ns_ < 16 * kCodelIntervalNs;
      count_ = goes_on ? delta : 1;
      goes_on ? take_root() : void(inverse_root_ = 1);
      drop_next_ns_ = law(now_ns);
      last_count_ = count_;
    }
    return head.packet;
  }

 private:
  struct Head {
    std::optional<NaiveQueuedPacket> packet;
    bool ok_to_drop = false;
  };

  Head take_head(std::int64_t now_ns) {
    Head head;
    if (queue.empty()) {
      first_above_ns_ = 0;
      return head;
    }
    head.packet = queue.front();
    queue.pop_front();
    if (now_ns - head.packet->arrival_ns < kCodelTargetNs || elsewhere_bytes_ + bytes() <= 1514) {
      first_above_ns_ = 0;
    } else if (first_above_ns_ == 0) {
      first_above_ns_ = now_ns + kCodelIntervalNs;
    } else if (now_ns >= first_above_ns_) {
      head.ok_to_drop = true;
    }
    return head;
  }
  [[nodiscard]] std::int64_t law(std::int64_t from_ns) const {
    return from_ns + std::llround(static_cast<double>(kCodelIntervalNs) * inverse_root_);
  }
  void take_root() {
    const auto count = static_cast<double>(count_);
    const double former = inverse_root_;
    inverse_root_ = former / 2 * (3 - count * former * former);
    if (inverse_root_ < former / 2) inverse_root_ = 1 / std::sqrt(count);
  }

  std::uint64_t elsewhere_bytes_ = 0;
  double inverse_root_ = 1;
  std::int64_t first_above_ns_ = 0;
  std::int64_t drop_next_ns_ = 0;
  std::uint64_t count_ = 0;
  std::uint64_t last_count_ = 0;
  bool dropping_ = false;
};

/// RFC 8290, 4.1 and 4.2, by its own lists. As Linux does it: what is over the limit goes, and a
/// flow's CoDel takes what waits in all flows for its queue's length.
class NaiveFqCodel {
 public:
  NaiveFqCodel(std::size_t limit, std::int64_t quantum_bytes)
      : limit_(limit), quantum_bytes_(quantum_bytes) {}

  [[nodiscard]] std::size_t packets() const {
    std::size_t sum = 0;
    for (const auto& [id, flow] : flows_) sum += flow.codel.queue.size();
    return sum;
  }
  [[nodiscard]] std::uint64_t bytes() const {
    std::uint64_t sum = 0;
    for (const auto& [id, flow] : flows_) sum += flow.codel.bytes();
    return sum;
  }
  void enqueue(std::uint32_t id, const NaiveQueuedPacket& packet) {
    Flow& flow = flows_[id];
    flow.codel.queue.push_back(packet);
    if (std::count(new_.begin(), new_.end(), id) + std::count(old_.begin(), old_.end(), id) != 0)
      return;
    flow.credits = quantum_bytes_;
    new_.push_back(id);
  }
  /// Numbers of what is dropped until no more waits than may.
  std::vector<int> drop_over_limit() {
    std::vector<int> over;
    while (packets() > limit_) {
      Flow* fattest = &flows_.begin()->second;
      for (auto& [id, flow] : flows_)
        if (flow.codel.bytes() > fattest->codel.bytes()) fattest = &flow;
      const std::uint64_t before = fattest->codel.bytes();
      for (int count = 0; count < 64 && fattest->codel.bytes() > before / 2; ++count) {
        over.push_back(fattest->codel.queue.front().number);
        fattest->codel.queue.pop_front();
        fattest->codel.strengthen();
      }
    }
    return over;
  }
  std::optional<NaiveQueuedPacket> dequeue(std::int64_t now_ns) {
    for (;;) {
      std::list<std::uint32_t>& list = new_.empty() ? old_ : new_;
      if (list.empty()) return std::nullopt;
      const std::uint32_t id = list.front();
      Flow& flow = flows_[id];
      if (flow.credits <= 0) {
        flow.credits += quantum_bytes_;
        list.pop_front();
        old_.push_back(id);
        continue;
      }
      const auto packet = flow.codel.dequeue(now_ns, bytes() - flow.codel.bytes());
      dropped.insert(dropped.end(), flow.codel.dropped.begin(), flow.codel.dropped.end());
      flow.codel.dropped.clear();
      if (packet) {
        flow.credits -= packet->bytes;
        return packet;
      }
      const bool was_new = &list == &new_;
      list.pop_front();
      if (was_new && !old_.empty()) old_.push_back(id);
    }
  }

  std::vector<int> dropped;  ///< by the flows' CoDels

 private:
  struct Flow {
    NaiveCodel codel;
    std::int64_t credits = 0;
  };

  std::size_t limit_;
  std::int64_t quantum_bytes_;
  std::map<std::uint32_t, Flow> flows_;
  std::list<std::uint32_t> new_;
  std::list<std::uint32_t> old_;
};

}  // namespace tunrelay::test
