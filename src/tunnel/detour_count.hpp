// SPDX-License-Identifier: MIT
// What went over lo while the path was broken: traffic between the ends takes that way when routes
// or rules are gone. The kernel does not say whose packets lo carries, so all of them count.
#pragma once

#include <cstdint>

namespace tunrelay {

class DetourCount {
 public:
  /// After a check; LO_PACKETS: what lo has carried until now, in all the ends' namespaces.
  void book(bool is_proven, std::uint64_t lo_packets) noexcept {
    newest_ = is_proven && was_proven_ ? 0 : lo_packets - at_proof_;
    if (is_proven) {
      ended_ += newest_;
      at_proof_ = lo_packets;
    }
    was_proven_ = is_proven;
  }
  /// From now on; the path has just been proven.
  void begin() noexcept { ended_ = 0; }

  /// Since the last proof, or, when the path was just repaired, between the proofs around the
  /// break.
  [[nodiscard]] std::uint64_t newest() const noexcept { return newest_; }
  /// In all breaks.
  [[nodiscard]] std::uint64_t total() const noexcept {
    return was_proven_ ? ended_ : ended_ + newest_;
  }

 private:
  std::uint64_t at_proof_ = 0;
  std::uint64_t newest_ = 0;
  std::uint64_t ended_ = 0;
  bool was_proven_ = false;
};

}  // namespace tunrelay
