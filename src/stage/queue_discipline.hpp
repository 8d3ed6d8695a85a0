// SPDX-License-Identifier: MIT
// What a queue does with a packet before it is full: the interface of CoDel, PIE and RED.
#pragma once

#include <cstdint>
#include <memory>

#include "stage/queue_config.hpp"

namespace tunrelay {

enum class QueueVerdict : std::uint8_t {
  kTake,
  kMark,  ///< congestion experienced; only for a packet that can bear the mark
  kDrop,
  kRefuse,  ///< there is no room: of the queue, not of its rules
};

/// What the rules look at, of one wire segment and of the queue around it.
struct QueueView {
  std::int64_t now_ns = 0;          ///< the virtual moment at which it comes or leaves
  std::int64_t waited_ns = 0;       ///< leaving: since it came
  std::uint64_t backlog_bytes = 0;  ///< frame bytes that wait, without this segment
  std::uint64_t bits_per_s = 0;     ///< arriving: of the link
  bool can_be_marked = false;
};

/// Used by one thread. The default takes everything: droptail.
class QueueDiscipline {
 public:
  virtual ~QueueDiscipline() = default;
  /// A segment comes to a queue that has room.
  [[nodiscard]] virtual QueueVerdict on_arrival(const QueueView& /*view*/) noexcept {
    return QueueVerdict::kTake;
  }
  /// The segment at the head leaves for the link.
  [[nodiscard]] virtual QueueVerdict on_departure(const QueueView& /*view*/) noexcept {
    return QueueVerdict::kTake;
  }
  /// The queue ran empty.
  virtual void on_empty() noexcept {}
};

/// Of a single queue; CONFIG has its defaults. SEED: of its random numbers.
[[nodiscard]] std::unique_ptr<QueueDiscipline> make_queue_discipline(const QueueConfig& config,
                                                                     std::uint64_t seed);

}  // namespace tunrelay
