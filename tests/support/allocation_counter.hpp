// SPDX-License-Identifier: MIT
// How often a thread takes memory, for code that must not: counted at malloc(), so `new`, the
// containers and the C library count alike. Only programs with a *_allocation_test.cpp have it.
#pragma once

#include <cstdint>
#include <utility>

namespace tunrelay::test {

/// By the calling thread, since it began. Memory given back does not count.
[[nodiscard]] std::uint64_t allocations_of_this_thread() noexcept;

/// How often WORK takes memory in the calling thread.
template <typename Work>
[[nodiscard]] std::uint64_t allocations_of(Work&& work) {
  const std::uint64_t before = allocations_of_this_thread();
  std::forward<Work>(work)();
  return allocations_of_this_thread() - before;
}

}  // namespace tunrelay::test
