// SPDX-License-Identifier: MIT
// A private network that remembers what it was, for tests that nothing may stay behind.
#pragma once

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <utility>

#include "support/network_state.hpp"
#include "support/private_network.hpp"
#include "support/process.hpp"

namespace tunrelay::test {

inline constexpr const char* kStrategies[] = {"policy", "classic", "namespaces"};

class UnchangedNetwork : public PrivateNetwork {
 protected:
  void SetUp() override {
    PrivateNetwork::SetUp();
    if (!IsSkipped() && !HasFatalFailure()) before_ = network_state();
  }
  /// SCRIPT must succeed; what it makes is part of what has to stay.
  void prepare(const std::string& script) {
    const ProcessResult result = run_shell(script);
    if (!result.succeeded()) throw std::runtime_error(script + ": " + result.describe());
    before_ = network_state();
  }
  /// Shell commands that make tun0 and tun1 (or tap0 and tap1) as an administrator does.
  static std::string make_devices(const std::string& type = "tun") {
    return "for n in 0 1; do ip tuntap add " + type + "$n mode " + type +
           " multi_queue vnet_hdr; done\n";
  }

  std::string before_;
};

}  // namespace tunrelay::test
