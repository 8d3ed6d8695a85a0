// SPDX-License-Identifier: MIT
// Reads by read(): of what waits in an endpoint's queue, packet by packet, without a wait.
#pragma once

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>

#include "base/clock.hpp"
#include "engine/buffer_arena.hpp"
#include "engine/engine.hpp"
#include "engine/read_ahead.hpp"

namespace tunrelay {

/// How long to wait where packets wait, and no buffer is free for them, instead of LIMIT.
[[nodiscard]] constexpr WaitLimit wait_for_a_buffer(const WaitLimit& limit) noexcept {
  constexpr std::int64_t kMaxNs = kNanosecondsPerMillisecond;
  return limit.ns < 0 ? kMaxNs : std::min(limit.ns, kMaxNs);
}

struct DirectRead {
  bool found_end = false;  ///< nothing waits any more
  bool lacks_buffer = false;
  int gone_errno = 0;  ///< Turn::gone_errno
};

/// Hands packets that wait at ENDPOINT, which has that INDEX, to TAKE(arrival): at most MOST, and
/// no more than stay in the cache.
template <typename Take>
DirectRead read_waiting(const Endpoint& endpoint, EndpointIndex index, std::size_t most,
                        BufferArena& arena, Counter& system_calls, Take take) noexcept {
  const std::size_t room = BufferArena::kSlotBytes - endpoint.read_offset;
  ReadAhead read_ahead(most);
  while (!read_ahead.is_enough()) {
    const auto buffer = arena.take(index);
    if (!buffer) return {.lacks_buffer = true};
    system_calls.add(1);
    const ssize_t length = ::read(endpoint.fd, arena.data(*buffer) + endpoint.read_offset, room);
    if (length > 0) {
      take(Arrival{index, *buffer, static_cast<std::uint32_t>(length)});
      read_ahead.note(static_cast<std::size_t>(length));
      continue;
    }
    const int error = length == 0 ? EPIPE : errno;
    arena.release(*buffer);
    return {.found_end = true, .gone_errno = error == EAGAIN || error == EINTR ? 0 : error};
  }
  return {};
}

}  // namespace tunrelay
