// SPDX-License-Identifier: MIT
#include "tunnel/kernel_accounts.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "os/netns.hpp"
#include "route/model/host_state.hpp"

namespace tunrelay {

KernelAccounts::KernelAccounts(AppliedPlan& applied)
    : applied_(applied), ends_(applied.plan().ends) {
  read_interfaces();
  open_sockets();
  read_sockets();
  first_interfaces_ = interfaces_;
  first_sockets_ = sockets_;
}

void KernelAccounts::fill_in(TunnelReport& report) noexcept {
  read_interfaces();
  read_sockets();
  for (std::size_t end = 0; end < interfaces_.size(); ++end) {
    const InterfaceCounters& now = interfaces_.at(end);
    const InterfaceCounters& first = first_interfaces_.at(end);
    report.ends.at(end).queue_dropped_packets = now.tx_dropped - first.tx_dropped;
    // What the relay then wrote in parts is not lost.
    const std::uint64_t split = report.lanes.at(1 - end).split_big_tcp;
    const std::uint64_t dropped = now.rx_dropped - first.rx_dropped;
    report.ends.at(end).kernel_dropped_packets = dropped - std::min(dropped, split);
  }
  report.sockets = sockets_;
  report.sockets -= first_sockets_;
}

void KernelAccounts::read_interfaces() noexcept {
  const std::array<const TunnelEnd*, kDirections> ends{&ends_.a, &ends_.b};
  for (std::size_t end = 0; end < ends.size(); ++end) try {
      NetlinkSocket& socket = applied_.applier().socket(ends.at(end)->netns);
      if (const auto reading = read_interface(socket, ends.at(end)->device))
        interfaces_.at(end) = reading->counters;
    } catch (const Error&) {
      // The last reading stands.
    }
}

void KernelAccounts::open_sockets() {
  if (ends_.strategy != Strategy::kNamespaces) {
    socket_readers_.emplace_back();
    return;
  }
  for (const TunnelEnd* end : {&ends_.a, &ends_.b}) {
    const FileDescriptor netns = open_named_netns(end->netns);
    const NetnsScope scope(netns.get());
    socket_readers_.emplace_back();
  }
}

void KernelAccounts::read_sockets() {
  sockets_ = {};
  for (const SocketCounterReader& reader : socket_readers_) sockets_ += reader.read();
}

}  // namespace tunrelay
