// SPDX-License-Identifier: MIT
// What a device hands over and takes without the relay touching it: checksums not yet
// computed and packets not yet segmented.
#pragma once

#include <cstdint>
#include <string>

namespace tunrelay {

/// The offloads in force, as `TUNSETOFFLOAD` knows them (include/uapi/linux/if_tun.h).
struct Offloads {
  bool checksum = false;
  bool tso4 = false;
  bool tso6 = false;
  bool tso_ecn = false;
  bool uso = false;  ///< USO4 and USO6, which the kernel takes only together (Linux 6.2)

  [[nodiscard]] bool any() const noexcept { return checksum; }
  /// The argument of TUNSETOFFLOAD.
  [[nodiscard]] unsigned flags() const noexcept;
  /// "csum tso4 tso6 tso-ecn uso", or "none".
  [[nodiscard]] std::string to_string() const;
  /// Why this kernel's TUN lacks some of them, a phrase for the user: empty where it has all.
  [[nodiscard]] std::string missing() const;
  bool operator==(const Offloads&) const = default;
};

/// Requests everything on the queue QUEUE_FD and less until the kernel agrees; returns
/// what it agreed to. Not for a device without virtio-net header.
Offloads enable_best_offloads(int queue_fd) noexcept;
/// False when the kernel refuses.
[[nodiscard]] bool set_offloads(int queue_fd, const Offloads& offloads) noexcept;

}  // namespace tunrelay
