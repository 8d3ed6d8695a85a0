// SPDX-License-Identifier: MIT
// How far a sending or a receiving thread has come, for whoever watches the trial.
#pragma once

#include <algorithm>
#include <cstdint>

#include "base/counter.hpp"

namespace tunrelay {

/// Written by the thread alone, readable by any. On a cache line of its own.
struct alignas(64) LiveCounts {
  Counter messages;
  Counter bytes;
  Counter counted;           ///< of the messages, those behind the warm-up; copies only once
  Counter longest_delay_ns;  ///< of a receiving thread: since the intended send
};

/// Several threads' at one moment, as plain numbers.
struct LiveTotals {
  std::uint64_t messages = 0;
  std::uint64_t bytes = 0;
  std::uint64_t counted = 0;
  std::uint64_t longest_delay_ns = 0;

  LiveTotals& operator+=(const LiveCounts& thread) noexcept {
    messages += thread.messages.get();
    bytes += thread.bytes.get();
    counted += thread.counted.get();
    longest_delay_ns = std::max(longest_delay_ns, thread.longest_delay_ns.get());
    return *this;
  }
};

}  // namespace tunrelay
