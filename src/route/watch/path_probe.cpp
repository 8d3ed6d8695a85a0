// SPDX-License-Identifier: MIT
#include "route/watch/path_probe.hpp"

#include <fmt/format.h>

#include <optional>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/error_line.hpp"
#include "base/path_nonce.hpp"
#include "os/cpu_wait.hpp"
#include "route/apply/applier.hpp"
#include "route/model/host_state.hpp"
#include "route/watch/probe_socket.hpp"

namespace tunrelay {
namespace {

constexpr std::int64_t kCountingTimeNs = 20 * kNanosecondsPerMillisecond;

IpAddress first_address(const TunnelEnd& end, IpFamily family) {
  const auto addresses = addresses_of(end, family);
  if (addresses.empty())
    throw_usage_error(
        "probe the path of", end.device,
        family == IpFamily::kIpv4 ? "it has no IPv4 address" : "it has no IPv6 address");
  return addresses.front().address;
}

InterfaceReading require_interface(Applier& applier, const TunnelEnd& end) {
  auto reading = read_interface(applier.socket(end.netns), end.device);
  if (!reading)
    throw_unsupported_error("probe the path of", end.device, "there is no such interface");
  return *std::move(reading);
}

std::string describe(const ProbeResult& result, const PathEnds& ends) {
  const std::string who =
      fmt::format("The probe from {} to {}", result.source.to_string(), result.target.to_string());
  if (result.crossed() && result.source_changed)
    return who + " crossed, but its source was rewritten: a NAT rule takes the tunnel's packets.";
  if (result.crossed()) return who + " crossed.";
  if (result.received)
    return fmt::format("{} arrived, but {} did not count it: it went past the tunnel.", who,
                       result.source_tx_packets == 0 ? ends.source.device : ends.target.device);
  if (result.source_tx_packets == 0)
    return fmt::format(
        "{} was lost before {}: it is down, nobody reads from it, or a firewall "
        "stops what goes out.",
        who, ends.source.device);
  if (result.target_rx_packets == 0)
    return fmt::format(
        "{} left by {} and never came in by {}: the relay dropped it or does not "
        "run.",
        who, ends.source.device, ends.target.device);
  return fmt::format(
      "{} came in by {} and was not delivered: a firewall may drop it (nft insert rule inet filter "
      "input iifname {} accept), or the reverse path filter (net/ipv4/conf/{}/rp_filter).",
      who, ends.target.device, ends.target.device, ends.target.device);
}

/// What the devices have counted since BEFORE.
void count_packets(Applier& applier, const PathEnds& path, const InterfaceReading& source_before,
                   const InterfaceReading& target_before, ProbeResult& result) {
  // A TUN counts a packet after it has been delivered: the socket may be faster.
  const std::int64_t deadline_ns = monotonic_ns() + kCountingTimeNs;
  do {
    result.source_tx_packets = require_interface(applier, path.source).counters.tx_packets -
                               source_before.counters.tx_packets;
    result.target_rx_packets = require_interface(applier, path.target).counters.rx_packets -
                               target_before.counters.rx_packets;
  } while (result.received && !result.crossed() && monotonic_ns() < deadline_ns);
}

/// Waits for the one probe; others that are still under way from before do not count.
std::optional<ProbeArrival> await(const ProbeSocket& socket, const ProbeResult& result,
                                  std::int64_t deadline_ns) {
  while (auto arrival = socket.receive(deadline_ns))
    if (arrival->nonce == result.nonce && arrival->target == result.target) return arrival;
  return std::nullopt;
}

/// Sends the probe that RESULT names, and completes RESULT by what became of it. Throws Error.
void send_probe(const PathEnds& path, Strategy strategy, std::chrono::milliseconds time_limit,
                const EndSocketSource& source, ProbeResult& result) {
  // Under `classic` the addresses are in no local table, so IPv4 can't bind to them; the route
  // gives the source address, and the arrival says the target's.
  const auto bound = [strategy](const IpAddress& address) {
    return strategy != Strategy::kClassic ? std::optional(address) : std::nullopt;
  };
  const IpFamily family = result.source.family();
  const ProbeSocket sender(path.source, family, bound(result.source), source);
  const ProbeSocket receiver(path.target, family, bound(result.target), source);
  Applier applier(source);
  const InterfaceReading source_before = require_interface(applier, path.source);
  const InterfaceReading target_before = require_interface(applier, path.target);

  const std::int64_t sent_ns = monotonic_ns();
  const int error = sender.send(make_path_probe(result.nonce), result.target, receiver.port());
  if (error != 0) throw_system_error(error, "send to", result.target.to_string());
  result.sent = true;
  const CpuWait cpu_wait;
  const std::int64_t limit_ns = std::chrono::nanoseconds(time_limit).count();
  if (const auto arrival = await(receiver, result, sent_ns + limit_ns)) {
    result.one_way = std::chrono::nanoseconds(monotonic_ns() - sent_ns);
    result.received = true;
    result.source_changed =
        arrival->source != result.source || arrival->source_port != sender.port();
  }
  count_packets(applier, path, source_before, target_before, result);
  result.host_busy = !result.received && cpu_wait.is_long();
  result.text = describe(result, path);
  if (result.host_busy)
    result.text =
        fmt::format("The probe from {} to {} did not arrive in time: {}.",
                    result.source.to_string(), result.target.to_string(), cpu_wait.to_string());
}

}  // namespace

ProbeResult probe_path(const TunnelEnds& ends, Direction direction, IpFamily family,
                       std::uint64_t nonce, std::chrono::milliseconds time_limit,
                       const EndSocketSource& source) {
  const PathEnds path = ends_of(ends, direction);
  ProbeResult result{.direction = direction,
                     .source = first_address(path.source, family),
                     .target = first_address(path.target, family),
                     .nonce = nonce};
  try {
    send_probe(path, ends.strategy, time_limit, source, result);
  } catch (const Error& error) {
    // An address that is gone can't be bound to, and an interface can go at any moment.
    result.text = fmt::format("The probe from {} to {} failed: {}.", result.source.to_string(),
                              result.target.to_string(), error_line(error));
  }
  return result;
}

}  // namespace tunrelay
