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
  // What the link did. A stage counts by reason, too.
  kStage,            ///< a stage of the user's dropped it, which counts why
  kLoss,             ///< lost at random, or as a sequence says
  kOutage,           ///< the link was down
  kQueueFull,        ///< beyond the limit of a queue
  kAqm,              ///< by a queue's active queue management, below its limit
  kOverRate,         ///< a policer had no tokens for it
  kTooBig,           ///< larger than a stage's MTU
  kTransferFull,     ///< the queue to the direction's owner was full
  kQueueMemoryFull,  ///< beyond the queue memory limit (RelayConfig::queue_memory_bytes)
  kShutdown,         ///< queued by a stage or a queue when the relay stopped
};
inline constexpr std::size_t kDropReasons = 20;

[[nodiscard]] constexpr std::string_view to_string(DropReason reason) noexcept {
  constexpr std::array<std::string_view, kDropReasons> kNames{
      "too_short", "truncated",   "bad_version",   "bad_header",        "bad_offload",
      "over_mtu",  "target_down", "target_gone",   "target_full",       "target_refused",
      "stage",     "loss",        "outage",        "queue_full",        "aqm",
      "over_rate", "too_big",     "transfer_full", "queue_memory_full", "shutdown"};
  return kNames[static_cast<std::size_t>(reason)];
}

/// Whether a stage drops for REASON; for others the relay does, around the stages.
[[nodiscard]] constexpr bool is_of_stages(DropReason reason) noexcept {
  return (reason >= DropReason::kStage && reason <= DropReason::kTooBig) ||
         reason == DropReason::kQueueMemoryFull;
}

}  // namespace tunrelay
