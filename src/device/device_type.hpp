// SPDX-License-Identifier: MIT
// TUN or TAP.
#pragma once

#include <cstdint>
#include <string_view>

namespace tunrelay {

enum class DeviceType : std::uint8_t {
  kTun,  ///< carries IP packets
  kTap,  ///< carries Ethernet frames
};

[[nodiscard]] constexpr std::string_view to_string(DeviceType type) noexcept {
  return type == DeviceType::kTun ? "tun" : "tap";
}

}  // namespace tunrelay
