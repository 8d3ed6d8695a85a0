// SPDX-License-Identifier: MIT
// The settings under which tests of the whole tunnel run: a table of rows in which every
// value of every setting occurs, not their full product.
#pragma once

#include <gtest/gtest.h>

#include <ostream>
#include <string>

#include "support/process.hpp"

namespace tunrelay::test {

struct TunnelSetting {
  std::string type;      ///< tun, tap
  std::string strategy;  ///< policy, classic, namespaces
  std::string engine;    ///< uring, syscall
  bool offload = true;
  int queues = 1;
  bool ipv6 = false;  ///< what the test's traffic is

  [[nodiscard]] std::string flags() const {
    return "--type " + type + " --strategy " + strategy + " --engine " + engine + " --offload " +
           (offload ? "on" : "off") + " --queues " + std::to_string(queues);
  }
  /// For the name of a test: letters, digits and underscores alone.
  [[nodiscard]] std::string name() const {
    return type + "_" + strategy + "_" + engine + "_offload_" + (offload ? "on" : "off") +
           "_queues_" + std::to_string(queues) + (ipv6 ? "_ipv6" : "_ipv4");
  }

  [[nodiscard]] std::string address_a() const { return ipv6 ? "fd13::1" : "192.168.13.1"; }
  [[nodiscard]] std::string address_b() const { return ipv6 ? "fd13::2" : "192.168.13.2"; }
  /// Whether a program can bind() to a tunnel address.
  [[nodiscard]] bool can_bind() const { return strategy != "classic"; }

  /// COMMAND as it has to be run at that end.
  [[nodiscard]] Command at_a(const std::string& command) const { return at_end("a", command); }
  [[nodiscard]] Command at_b(const std::string& command) const { return at_end("b", command); }

 private:
  [[nodiscard]] Command at_end(const char* end, const std::string& command) const {
    const std::string prefix =
        strategy == "namespaces" ? std::string("ip netns exec tunrelay-") + end + " " : "";
    return split(prefix + command);
  }
};

/// For INSTANTIATE_TEST_SUITE_P.
inline std::string setting_name(const ::testing::TestParamInfo<TunnelSetting>& info) {
  return info.param.name();
}

inline void PrintTo(const TunnelSetting& setting, std::ostream* out) {
  *out << setting.flags() << (setting.ipv6 ? " IPv6" : " IPv4");
}

}  // namespace tunrelay::test
