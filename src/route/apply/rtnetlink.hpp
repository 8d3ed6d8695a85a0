// SPDX-License-Identifier: MIT
// One function for each request to rtnetlink. They return 0 or the errno of the
// kernel's answer; its text is in the socket's kernel_message(). They throw Error only
// when the socket itself fails. The socket chooses the network namespace.
#pragma once

#include <cstdint>

#include "os/netlink.hpp"
#include "route/model/interface_address.hpp"
#include "route/model/route.hpp"
#include "route/model/rule.hpp"
#include "route/model/step.hpp"

namespace tunrelay {

/// Adds never replace: EEXIST when it is there. Deletes name the protocol, so that they find
/// nothing (ENOENT, ESRCH) where the same rule or route is somebody else's.
[[nodiscard]] int add_rule(NetlinkSocket& socket, const Rule& rule);
[[nodiscard]] int delete_rule(NetlinkSocket& socket, const Rule& rule);
/// EEXIST also when the same rule is there by another protocol, which the kernel would accept.
[[nodiscard]] int restore_rule(NetlinkSocket& socket, const Rule& rule);

[[nodiscard]] int add_route(NetlinkSocket& socket, const Route& route);
[[nodiscard]] int delete_route(NetlinkSocket& socket, const Route& route);
/// A route of table `local` belongs to an address: EADDRNOTAVAIL when that is gone from the
/// interface. ENETDOWN when the interface is down, where the kernel adds its own later.
[[nodiscard]] int restore_route(NetlinkSocket& socket, const Route& route);

/// Returns when the address is at work, on an interface that is up: the kernel completes an IPv6
/// address a moment later.
[[nodiscard]] int add_address(NetlinkSocket& socket, const InterfaceAddress& address);
/// The kernel does not compare the protocol of an address, so this does: EADDRNOTAVAIL when
/// what is there is somebody else's.
[[nodiscard]] int delete_address(NetlinkSocket& socket, const InterfaceAddress& address);
/// EADDRNOTAVAIL when it is not there.
[[nodiscard]] int renew_address(NetlinkSocket& socket, const InterfaceAddress& address);

[[nodiscard]] int set_interface(NetlinkSocket& socket, const SetInterface& wanted);
/// Puts back what UNDO says, but only where CHANGE's value still stands: what somebody else has
/// set meanwhile stays.
[[nodiscard]] int restore_interface(NetlinkSocket& socket, const SetInterface& change,
                                    const SetInterface& undo);
/// Into the namespace that TARGET_NETNS_FD stands for.
[[nodiscard]] int move_interface(NetlinkSocket& socket, const std::string& device,
                                 int target_netns_fd);

}  // namespace tunrelay
