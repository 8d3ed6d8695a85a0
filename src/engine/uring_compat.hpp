// SPDX-License-Identifier: MIT
// Where the installed liburing is older than the kernel: what its header lacks, spelled out.
// Debian 12 has liburing 2.3; the helper of the same name came with the version in the comment.
#pragma once

#include <liburing.h>

namespace tunrelay {

/// IORING_OP_READ_MULTISHOT of Linux 6.7 (include/uapi/linux/io_uring.h), an enumerator that
/// liburing knows since 2.6.
inline constexpr __u8 kOpReadMultishot = 49;

/// A device has no position; this says so (io_uring_prep_write(3)).
inline constexpr __u64 kCurrentPosition = static_cast<__u64>(-1);

/// io_uring_prep_read_multishot() of liburing 2.6. FILE: an index of the registered files.
inline void prep_read_multishot(io_uring_sqe* entry, int file, unsigned short buffer_group) {
  io_uring_prep_rw(kOpReadMultishot, entry, file, nullptr, 0, kCurrentPosition);
  entry->buf_group = buffer_group;
  entry->flags |= IOSQE_BUFFER_SELECT | IOSQE_FIXED_FILE;
}

}  // namespace tunrelay
