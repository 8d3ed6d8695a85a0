// SPDX-License-Identifier: MIT
// What the kernel says of a TUN or TAP that is there already, without attaching to it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "device/device_type.hpp"

namespace tunrelay {

struct ExistingTun {
  bool is_tun_driver =
      false;  ///< false: another kind of interface bears the name; the rest is unset
  DeviceType type = DeviceType::kTun;
  bool packet_info = false;  ///< made without IFF_NO_PI
  bool virtio_net_header = false;
  bool multi_queue = false;
  bool persistent = false;  ///< stays when the last queue is closed: an administrator's
  std::uint32_t queues_attached = 0;
  std::uint32_t queues_detached = 0;
  std::optional<std::uint32_t> owner;  ///< user id
};

/// The interface NAME of the current network namespace, by rtnetlink. Throws Error.
std::optional<ExistingTun> find_existing_tun(const std::string& name);

}  // namespace tunrelay
