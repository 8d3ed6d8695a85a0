// SPDX-License-Identifier: MIT
// Which way of reading is the cheaper one. A multishot read of a ring saves the system call a
// packet, and adds a poll of the device to each. With super-packets the copies are nearly all of
// the cost, the CPU's cache decides about them, and read() right after the writes meets it warmer:
// a TCP flow takes a tenth less of the relay's CPU time, and two flows against each other a third
// less (medians of interleaved rounds on 2 CPUs). Requests and small packets come as fast by
// either.
#pragma once

#include <cstddef>

namespace tunrelay {

/// Follows the packets of a worker. Not thread-safe.
class BulkMode {
 public:
  /// A packet was read in this turn.
  void note(std::size_t bytes) noexcept {
    has_read_ = true;
    has_bulk_ = has_bulk_ || bytes >= kBulkBytes;
  }
  /// The turn's packets are all noted.
  void end_turn() noexcept {
    if (has_bulk_)
      turns_left_ = kTurns;
    else if (has_read_ && turns_left_ > 0)
      --turns_left_;
    has_read_ = has_bulk_ = false;
  }
  [[nodiscard]] bool is_on() const noexcept { return turns_left_ > 0; }

 private:
  static constexpr std::size_t kBulkBytes = 16 * 1024;
  /// Turns with nothing but small packets, such as acknowledgements, are part of a bulk transfer.
  static constexpr int kTurns = 64;

  int turns_left_ = 0;
  bool has_read_ = false;
  bool has_bulk_ = false;
};

}  // namespace tunrelay
