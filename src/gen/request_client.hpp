// SPDX-License-Identifier: MIT
// A thread's loop of requests of which each waits for its response: the next goes when the one
// before has come back, or at its time in the schedule if that is later.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <vector>

#include "gen/load_socket.hpp"
#include "gen/load_spec.hpp"
#include "gen/message.hpp"
#include "gen/receive_statistics.hpp"
#include "gen/sender.hpp"
#include "gen/socket_sender.hpp"
#include "os/file_descriptor.hpp"

namespace tunrelay {

/// An SocketSender whose send() returns when the response has come, or has not come in time. So a
/// Sender drives it, and late answers make late requests, which the schedule shows.
/// STATISTICS takes the responses. All arguments must outlive it.
[[nodiscard]] std::unique_ptr<SocketSender> make_udp_request_client(
    const std::vector<FileDescriptor>& sockets, const LoadSpec& spec, const PayloadPattern& pattern,
    ReceiveStatistics& statistics, const std::atomic<bool>& stop);
[[nodiscard]] std::unique_ptr<SocketSender> make_tcp_request_client(
    const std::vector<FileDescriptor>& sockets, const LoadSpec& spec, const PayloadPattern& pattern,
    ReceiveStatistics& statistics, const std::atomic<bool>& stop);
/// Each request on a connection of its own, from ADDRESS (any port) to SERVER.
[[nodiscard]] std::unique_ptr<SocketSender> make_connection_request_client(
    const IpAddress& address, const SocketAddress& server, const LoadSpec& spec,
    const PayloadPattern& pattern, ReceiveStatistics& statistics, const std::atomic<bool>& stop);

}  // namespace tunrelay
