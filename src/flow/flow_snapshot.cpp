// SPDX-License-Identifier: MIT
#include "flow/flow_snapshot.hpp"

#include <algorithm>

#include "base/clock.hpp"

namespace tunrelay {

std::int64_t FlowReport::duration_ns() const noexcept {
  const std::uint64_t first = counters.first_ns.get();
  std::uint64_t last = first;
  for (const FlowDirectionCounters& direction : counters.directions)
    last = std::max({last, direction.read.last_ns.get(), direction.written.last_ns.get()});
  return static_cast<std::int64_t>(last - first);
}

double FlowReport::goodput_bits_per_s(Direction direction) const noexcept {
  const FlowDirectionCounters& of = counters.directions[index_of(direction)];
  const std::uint64_t bytes =
      key.is_tcp() ? of.tcp.acknowledged_bytes.get() : of.written.payload_bytes.get();
  const std::int64_t duration = duration_ns();
  if (duration == 0) return 0;
  return static_cast<double>(bytes) * 8 * static_cast<double>(kNanosecondsPerSecond) /
         static_cast<double>(duration);
}

}  // namespace tunrelay
