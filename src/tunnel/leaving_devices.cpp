// SPDX-License-Identifier: MIT
#include "tunnel/leaving_devices.hpp"

#include <algorithm>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "device/existing_tun.hpp"
#include "os/wait_until.hpp"

namespace tunrelay {
namespace {

constexpr std::int64_t kDevicesGoLimitNs = 2 * kNanosecondsPerSecond;
constexpr std::int64_t kDevicesGoPauseNs = 2 * kNanosecondsPerMillisecond;

}  // namespace

void wait_for_devices_to_go(const std::array<EndReport, kDirections>& ends) noexcept {
  const auto is_there = [](const EndReport& end) {
    if (end.device.empty()) return false;
    const auto existing = find_existing_tun(end.device);
    return existing && (end.made_by_us || existing->queues_attached != 0);
  };
  const auto are_gone = [&] { return std::none_of(ends.begin(), ends.end(), is_there); };
  try {
    static_cast<void>(wait_until(are_gone, kDevicesGoLimitNs, kDevicesGoPauseNs));
  } catch (const Error&) {
    return;  // it can't be read; the devices go all the same
  }
}

}  // namespace tunrelay
