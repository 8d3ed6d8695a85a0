// SPDX-License-Identifier: MIT
// A packet of more than 64 KiB, which the relay has merged, is written at once by both engines:
// beside copying half a megabyte a system call costs nothing, and its answer is needed now. The
// kernel keeps such a packet in 17 pieces at most (MAX_SKB_FRAGS), of 32 KiB each while its memory
// is not fragmented (alloc_skb_with_frags() in net/core/skbuff.c). Else it refuses, and the packets
// that were merged go one by one.
#pragma once

#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <span>

#include "engine/engine.hpp"
#include "engine/write_outcome.hpp"

namespace tunrelay {

/// 0, or the errno of the write.
[[nodiscard]] inline int write_pieces(int fd, std::span<const iovec> pieces,
                                      Counter& system_calls) noexcept {
  ssize_t written = 0;
  do {
    system_calls.add(1);
    written = pieces.size() == 1 ? ::write(fd, pieces[0].iov_base, pieces[0].iov_len)
                                 : ::writev(fd, pieces.data(), static_cast<int>(pieces.size()));
  } while (written < 0 && errno == EINTR);
  return written < 0 ? errno : 0;
}

/// Whether the kernel had no memory for a packet of that size, and may have for smaller ones.
[[nodiscard]] constexpr bool is_short_of_memory(int error) noexcept {
  return error == ENOBUFS || error == ENOMEM || error == EMSGSIZE || error == EAGAIN;
}

/// Writes WRITE, one with parts, to FD, and books what became of it.
inline void write_big(int fd, const Write& write, WriteOutcome& outcome,
                      Counter& system_calls) noexcept {
  const int error = write_pieces(fd, write.pieces, system_calls);
  if (error == 0) {
    outcome.written += write.tally;
  } else if (!is_short_of_memory(error)) {
    outcome.drop(drop_reason_of_write(error), write.tally, write.merged);
  } else {
    // What tun_get_user() in drivers/net/tun.c counts as dropped (rx_dropped).
    if (error != EAGAIN) ++outcome.split_big_tcp;
    for (const WritePart& part : write.parts)
      if (const int part_error = write_pieces(fd, {&part.bytes, 1}, system_calls); part_error == 0)
        outcome.written += part.tally;
      else
        outcome.drop(drop_reason_of_write(part_error), part.tally);
  }
}

}  // namespace tunrelay
