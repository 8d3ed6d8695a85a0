// SPDX-License-Identifier: MIT
#include "cli/service_manager.hpp"

#include <fmt/format.h>

#include <systemd/sd-daemon.h>

#include "base/clock.hpp"
#include "base/units.hpp"

namespace tunrelay {

ServiceManager::ServiceManager() noexcept {
  std::uint64_t limit_us = 0;
  // Half of the limit is what sd_watchdog_enabled(3) recommends; another half for a busy host.
  if (::sd_watchdog_enabled(0, &limit_us) > 0)
    interval_ns_ = static_cast<std::int64_t>(limit_us) * kNanosecondsPerMicrosecond / 4;
}

void ServiceManager::ready(const std::string& status) const noexcept {
  ::sd_notifyf(0, "READY=1\nSTATUS=%s", status.c_str());
}

void ServiceManager::reloading() const noexcept {
  ::sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%lld",
               static_cast<long long>(monotonic_ns() / kNanosecondsPerMicrosecond));
}

void ServiceManager::stopping() const noexcept {
  ::sd_notify(0, "STOPPING=1\nSTATUS=restoring the host");
}

void ServiceManager::alive() noexcept {
  if (interval_ns_ == 0 || monotonic_ns() < next_ns_) return;
  next_ns_ = monotonic_ns() + interval_ns_;
  ::sd_notify(0, "WATCHDOG=1");
}

}  // namespace tunrelay
