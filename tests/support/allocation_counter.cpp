// SPDX-License-Identifier: MIT
#include "support/allocation_counter.hpp"

#include <cerrno>
#include <cstddef>

#include "support/sanitizer.hpp"

namespace {

// Not in a function: a static that is made when it is first needed may need memory itself.
thread_local constinit std::uint64_t allocations = 0;

}  // namespace

namespace tunrelay::test {

std::uint64_t allocations_of_this_thread() noexcept {
  return allocations;
}

}  // namespace tunrelay::test

#ifdef TUNRELAY_UNDER_SANITIZER

// A sanitizer's own malloc() has to stay: it calls us each time. The declaration is that of
// sanitizer/allocator_interface.h, which Debian's g++ comes without.
extern "C" int __sanitizer_install_malloc_and_free_hooks(
    void (*malloc_hook)(const volatile void* memory, std::size_t bytes),
    void (*free_hook)(const volatile void* memory));

namespace {

void count_allocation(const volatile void* /*memory*/, std::size_t /*bytes*/) {
  ++allocations;
}
void ignore_release(const volatile void* /*memory*/) {}

[[maybe_unused]] const int kHooks =
    __sanitizer_install_malloc_and_free_hooks(&count_allocation, &ignore_release);

}  // namespace

#else

// The program's malloc() goes before the C library's, which does the work under its other names.
// free() stays the C library's, since the memory is.
extern "C" {

// NOLINTBEGIN(readability-identifier-naming): the C library's names
void* __libc_malloc(std::size_t bytes);
void* __libc_calloc(std::size_t count, std::size_t bytes);
void* __libc_realloc(void* memory, std::size_t bytes);
void* __libc_memalign(std::size_t alignment, std::size_t bytes);
// NOLINTEND(readability-identifier-naming)

void* malloc(std::size_t bytes) noexcept {
  ++allocations;
  return __libc_malloc(bytes);
}
void* calloc(std::size_t count, std::size_t bytes) noexcept {
  ++allocations;
  return __libc_calloc(count, bytes);
}
void* realloc(void* memory, std::size_t bytes) noexcept {
  ++allocations;
  return __libc_realloc(memory, bytes);
}
void* aligned_alloc(std::size_t alignment, std::size_t bytes) noexcept {
  ++allocations;
  return __libc_memalign(alignment, bytes);
}
int posix_memalign(void** memory, std::size_t alignment, std::size_t bytes) noexcept {
  ++allocations;
  *memory = __libc_memalign(alignment, bytes);
  return *memory == nullptr ? ENOMEM : 0;
}

}  // extern "C"

#endif
