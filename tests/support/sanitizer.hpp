// SPDX-License-Identifier: MIT
// TUNRELAY_UNDER_SANITIZER is defined where AddressSanitizer or ThreadSanitizer is at work: tests
// are slower then, and memory is theirs to give.
#pragma once

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define TUNRELAY_UNDER_SANITIZER 1
#endif
#elif defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define TUNRELAY_UNDER_SANITIZER 1
#endif
