// SPDX-License-Identifier: MIT
// AddressSanitizer in the fuzzers: an input more for each seven counts more than where memory was
// allocated, which the input that was found says again with ASAN_OPTIONS=malloc_context_size=30.

extern "C" const char* __asan_default_options();  // NOLINT(bugprone-reserved-identifier)

extern "C" const char* __asan_default_options() {
  return "malloc_context_size=1:quarantine_size_mb=4";
}
