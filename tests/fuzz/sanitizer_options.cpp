// SPDX-License-Identifier: MIT
// AddressSanitizer in the fuzzers keeps one frame of each allocation's stack, and little of what is
// freed: an eighth more inputs a second. With ASAN_OPTIONS=malloc_context_size=30 the input that
// was found shows whole stacks.

extern "C" const char* __asan_default_options();  // NOLINT(bugprone-reserved-identifier)

extern "C" const char* __asan_default_options() {
  return "malloc_context_size=1:quarantine_size_mb=4";
}
