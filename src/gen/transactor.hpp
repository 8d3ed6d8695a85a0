// A thread's loop of requests of which each waits for its response: the next goes when the one
// before has come back, or at its time in the schedule if that is later.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <vector>

#include "base/file_descriptor.hpp"
#include "gen/intake.hpp"
#include "gen/load_socket.hpp"
#include "gen/load_spec.hpp"
#include "gen/message.hpp"
#include "gen/outlet.hpp"
#include "gen/sender.hpp"

namespace tunrelay {

/// An Outlet whose send() returns when the response has come, or has not come in time. So a
/// Sender drives it, and late answers make late requests, which the schedule shows.
/// INTAKE takes the responses. All arguments must outlive it.
[[nodiscard]] std::unique_ptr<Outlet> make_udp_transactions(
    const std::vector<FileDescriptor>& sockets, const LoadSpec& spec, const PayloadPattern& pattern,
    Intake& intake, const std::atomic<bool>& stop);
[[nodiscard]] std::unique_ptr<Outlet> make_tcp_transactions(
    const std::vector<FileDescriptor>& sockets, const LoadSpec& spec, const PayloadPattern& pattern,
    Intake& intake, const std::atomic<bool>& stop);
/// Each request on a connection of its own, from ADDRESS (any port) to SERVER.
[[nodiscard]] std::unique_ptr<Outlet> make_connection_transactions(
    const IpAddress& address, const SocketName& server, const LoadSpec& spec,
    const PayloadPattern& pattern, Intake& intake, const std::atomic<bool>& stop);

}  // namespace tunrelay
