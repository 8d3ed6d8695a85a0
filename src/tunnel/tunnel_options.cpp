// SPDX-License-Identifier: MIT
#include "tunnel/tunnel_options.hpp"

#include <fmt/format.h>

#include "base/error.hpp"
#include "base/units.hpp"
#include "device/device.hpp"
#include "flow/flow_tables.hpp"

namespace tunrelay {
namespace {

// IPv4's smallest MTU (RFC 791) and the largest that a 16-bit length allows; the tun driver's
// own limits are the same (drivers/net/tun.c, MIN_MTU and MAX_MTU).
constexpr std::uint32_t kMinMtu = 68;
constexpr std::uint32_t kMaxMtu = 65535;
// MAX_TAP_QUEUES in drivers/net/tun.c.
constexpr std::size_t kMaxQueues = 256;
// More than a turn of the relay can bring, kMaxBatch super-packets of 64 KiB, which must never
// count as too much; and about what all slots that a buffer arena can have would hold.
constexpr std::size_t kMinQueueMemoryBytes = std::size_t{16} << 20U;
constexpr std::size_t kMaxQueueMemoryBytes = std::size_t{2} << 30U;

}  // namespace

void check_tunnel_options(const TunnelOptions& options) {
  for (const EndOptions* end : {&options.a, &options.b}) check_interface_name(end->device);
  // A TAP's Ethernet header counts against the same 16 bits.
  const std::uint32_t largest = options.type == DeviceType::kTap ? kMaxMtu - 14 : kMaxMtu;
  if (options.mtu_bytes < kMinMtu || options.mtu_bytes > largest)
    throw_usage_error("use the MTU", fmt::format("{}", options.mtu_bytes),
                      fmt::format("it is not from {} to {}", kMinMtu, largest));
  if (options.busy_poll_ns.value_or(0) != 0 && options.min_wait_ns != 0)
    throw_usage_error("use", "--busy-poll and --min-wait together",
                      "one is for short round trips, the other for few wake-ups", "choose one");
  if (options.queue_memory_bytes < kMinQueueMemoryBytes ||
      options.queue_memory_bytes > kMaxQueueMemoryBytes)
    throw_usage_error("use the queue memory limit", format_bytes(options.queue_memory_bytes),
                      fmt::format("it is not from {} to {}", format_bytes(kMinQueueMemoryBytes),
                                  format_bytes(kMaxQueueMemoryBytes)));
  if (options.capture) check_capture_options(*options.capture, link_type_of(options.type));
  if (options.flow_limit &&
      (*options.flow_limit < kMinFlowLimit || *options.flow_limit > kMaxFlowLimit))
    throw_usage_error("count", fmt::format("{} flows at once", *options.flow_limit),
                      fmt::format("it is not from {} to {}", kMinFlowLimit, kMaxFlowLimit));
  if (options.queues && (*options.queues == 0 || *options.queues > kMaxQueues))
    throw_usage_error("use", fmt::format("{} queues", *options.queues),
                      fmt::format("a device has 1 to {}", kMaxQueues));
}

std::string instance_name(const TunnelOptions& options) {
  return options.a.device + "-" + options.b.device;
}

}  // namespace tunrelay
