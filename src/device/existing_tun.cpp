// SPDX-License-Identifier: MIT
#include "device/existing_tun.hpp"

#include <linux/if_link.h>
#include <linux/if_tun.h>

#include <cerrno>

#include "base/error.hpp"
#include "os/netlink.hpp"
#include "os/netlink_values.hpp"

namespace tunrelay {
namespace {

void read_tun_data(const nlattr& data, ExistingTun& found) {
  const auto attributes = parse_nested_attributes<IFLA_TUN_MAX + 1>(data);
  const auto flag = [&attributes](std::size_t type) {
    return number_of<std::uint8_t>(attributes[type]) != 0;
  };
  const auto number = [&attributes](std::size_t type) {
    return number_of<std::uint32_t>(attributes[type]);
  };
  if (number_of<std::uint8_t>(attributes[IFLA_TUN_TYPE]) == IFF_TAP) found.type = DeviceType::kTap;
  found.packet_info = flag(IFLA_TUN_PI);
  found.virtio_net_header = flag(IFLA_TUN_VNET_HDR);
  found.multi_queue = flag(IFLA_TUN_MULTI_QUEUE);
  found.persistent = flag(IFLA_TUN_PERSIST);
  found.queues_attached = number(IFLA_TUN_NUM_QUEUES);
  found.queues_detached = number(IFLA_TUN_NUM_DISABLED_QUEUES);
  if (attributes[IFLA_TUN_OWNER] != nullptr) found.owner = number(IFLA_TUN_OWNER);
}

}  // namespace

std::optional<ExistingTun> find_existing_tun(const std::string& name) {
  NetlinkSocket socket;
  NetlinkMessage request(RTM_GETLINK, 0);
  request.header<ifinfomsg>().ifi_family = AF_UNSPEC;
  request.put_text(IFLA_IFNAME, name);
  ExistingTun found;
  const int error = socket.query(request, [&found](const nlmsghdr& answer) {
    const auto attributes = parse_attributes<IFLA_MAX + 1>(answer, sizeof(ifinfomsg));
    if (attributes[IFLA_LINKINFO] == nullptr) return;
    const auto info = parse_nested_attributes<IFLA_INFO_MAX + 1>(*attributes[IFLA_LINKINFO]);
    if (text_of(info[IFLA_INFO_KIND]) != "tun") return;
    found.is_tun_driver = true;
    if (info[IFLA_INFO_DATA] != nullptr) read_tun_data(*info[IFLA_INFO_DATA], found);
  });
  if (error == ENODEV) return std::nullopt;
  if (error != 0) throw_system_error(error, "look up the interface", name);
  return found;
}

}  // namespace tunrelay
