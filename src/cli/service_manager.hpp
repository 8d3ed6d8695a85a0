// SPDX-License-Identifier: MIT
// What a service manager wants to hear of a running tunnel: sd_notify(3), by libsystemd. Without
// one (no NOTIFY_SOCKET in the environment) nothing is sent.
#pragma once

#include <cstdint>
#include <string>

namespace tunrelay {

/// Used by one thread. Nothing here fails: whoever does not listen hears nothing.
class ServiceManager {
 public:
  ServiceManager() noexcept;

  /// STATUS is one line, as `systemctl status` shows it.
  void ready(const std::string& status) const noexcept;
  void reloading() const noexcept;
  void stopping() const noexcept;
  /// That we are alive, as often as the manager's watchdog wants it; cheap between two times.
  void alive() noexcept;

 private:
  std::int64_t interval_ns_ = 0;  ///< 0: no watchdog
  std::int64_t next_ns_ = 0;
};

}  // namespace tunrelay
