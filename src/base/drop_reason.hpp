// SPDX-License-Identifier: MIT
// Why a packet was not delivered. Every drop of the relay is counted under one of these;
// a summary shows the reasons that occurred.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace tunrelay {

enum class DropReason : std::uint8_t {
  // What the relay refuses to pass on, since the kernel would not refuse it.
  kTooShort,    ///< shorter than the headers that it claims
  kTruncated,   ///< longer than our buffer, or shorter than its own length field says
  kBadVersion,  ///< neither IPv4 nor IPv6 on a TUN device, or not what the Ethernet type says
  kBadHeader,   ///< IP header lengths that contradict each other
  kBadOffload,  ///< a virtio-net header that does not fit the packet behind it
  kOverMtu,     ///< a wire segment above the link's MTU
  // What the kernel refused.
  kTargetDown,     ///< EIO: the target device is down
  kTargetGone,     ///< EBADFD: the target device was deleted
  kTargetFull,     ///< EAGAIN, ENOBUFS, ENOMEM: no room at the target
  kTargetRefused,  ///< EINVAL and the rest
  // What the link did.
  kStage,            ///< a stage dropped it; the stage counts why
  kTransferFull,     ///< the queue to the direction's owner was full
  kQueueMemoryFull,  ///< beyond the queue memory limit (RelayConfig::queue_memory_bytes)
  kShutdown,         ///< queued by a stage or a queue when the relay stopped
};
inline constexpr std::size_t kDropReasons = 14;

[[nodiscard]] constexpr std::string_view to_string(DropReason reason) noexcept {
  constexpr std::array<std::string_view, kDropReasons> kNames{
      "too_short", "truncated",     "bad_version",       "bad_header",  "bad_offload",
      "over_mtu",  "target_down",   "target_gone",       "target_full", "target_refused",
      "stage",     "transfer_full", "queue_memory_full", "shutdown"};
  return kNames[static_cast<std::size_t>(reason)];
}

}  // namespace tunrelay
