// SPDX-License-Identifier: MIT
// The paths that tunrelay is compared with: the kernel's veth pair, under the same routing, and
// the loopback device.
#include <linux/if_link.h>
#include <linux/veth.h>
#include <net/if.h>

#include <fstream>
#include <utility>

#include "base/error.hpp"
#include "os/netlink.hpp"
#include "route/apply/apply.hpp"
#include "route/watch/path_check.hpp"
#include "suite/test_path.hpp"
#include "tunnel/plan_request.hpp"
#include "tunnel/tunnel_options.hpp"

namespace tunrelay {
namespace {

constexpr const char* kDevices[] = {"peer0", "peer1"};

/// drivers/net/veth.c: the peer's own header and name stand in the path's data.
void make_veth_pair() {
  NetlinkMessage message(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
  message.header<ifinfomsg>();
  message.put_text(IFLA_IFNAME, kDevices[0]);
  nlattr* info = message.begin_nest(IFLA_LINKINFO);
  message.put_text(IFLA_INFO_KIND, "veth");
  nlattr* data = message.begin_nest(IFLA_INFO_DATA);
  nlattr* peer = message.begin_nest(VETH_INFO_PEER);
  message.header<ifinfomsg>();
  message.put_text(IFLA_IFNAME, kDevices[1]);
  message.end_nest(peer);
  message.end_nest(data);
  message.end_nest(info);
  NetlinkSocket socket;
  if (const int error = socket.request(message))
    throw_system_error(error, "make", "a veth pair", "the control needs it: choose --control lo");
}

std::uint64_t device_counter(const char* device, const char* name) {
  std::uint64_t value = 0;
  std::ifstream(std::string("/sys/class/net/") + device + "/statistics/" + name) >> value;
  return value;
}

class VethTestPath final : public TestPath {
 public:
  explicit VethTestPath(const TestPathSpec& spec) {
    make_veth_pair();
    options_.congestion_control = spec.congestion_control;
    options_.a.device = kDevices[0];
    options_.b.device = kDevices[1];
    PlanRequest request = plan_request(options_, {false, false});
    request.mtu_bytes = 0;
    request.txqueuelen = 0;
    applied_ = plan_and_apply(std::move(request), nullptr);
  }

  [[nodiscard]] std::array<IpAddress, 2> addresses() const override {
    return {options_.a.addresses.front().address, options_.b.addresses.front().address};
  }

  [[nodiscard]] TestPathCounts counts() override {
    TestPathCounts counts;
    const PathCheck path = check_path(applied_->plan().ends);
    counts.proven = path.is_whole();
    counts.finding = path.to_string();
    // What one device sends the other receives: a's packets are counted at b.
    for (std::size_t at = 0; at < 2; ++at) {
      counts.bytes[at] = device_counter(kDevices[1 - at], "rx_bytes");
      counts.segments[at] = device_counter(kDevices[1 - at], "rx_packets");
      counts.dropped += device_counter(kDevices[at], "tx_dropped");
      counts.dropped += device_counter(kDevices[at], "rx_dropped");
    }
    return counts;
  }

  [[nodiscard]] nlohmann::json description() const override { return {{"kind", "veth"}}; }

 private:
  TunnelOptions options_;
  std::unique_ptr<AppliedPlan> applied_;
};

class LoTestPath final : public TestPath {
 public:
  [[nodiscard]] std::array<IpAddress, 2> addresses() const override {
    return {IpAddress::parse("127.0.0.1"), IpAddress::parse("127.0.0.2")};
  }

  [[nodiscard]] TestPathCounts counts() override {
    TestPathCounts counts;
    counts.proven = true;
    // It does not separate the directions.
    counts.bytes.fill(device_counter("lo", "rx_bytes"));
    counts.segments.fill(device_counter("lo", "rx_packets"));
    return counts;
  }

  [[nodiscard]] nlohmann::json description() const override { return {{"kind", "lo"}}; }
};

}  // namespace

std::string_view to_string(TestPathKind kind) noexcept {
  switch (kind) {
    case TestPathKind::kTunnel:
      return "tunnel";
    case TestPathKind::kVeth:
      return "veth";
    case TestPathKind::kLo:
      return "lo";
  }
  return "";
}

std::unique_ptr<TestPath> make_veth_path(const TestPathSpec& spec) {
  return std::make_unique<VethTestPath>(spec);
}

std::unique_ptr<TestPath> make_lo_path() {
  return std::make_unique<LoTestPath>();
}

std::unique_ptr<TestPath> make_path(const TestPathSpec& spec) {
  switch (spec.kind) {
    case TestPathKind::kTunnel:
      return make_tunnel_path(spec);
    case TestPathKind::kVeth:
      return make_veth_path(spec);
    case TestPathKind::kLo:
      return make_lo_path();
  }
  throw_usage_error("make", "a path", "there is no such kind");
}

}  // namespace tunrelay
