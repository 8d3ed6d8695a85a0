// SPDX-License-Identifier: MIT
#include "gen/source.hpp"

#include "base/ensure.hpp"
#include "gen/load_socket.hpp"
#include "gen/request_client.hpp"

namespace tunrelay {
namespace {

constexpr std::int64_t kConnectLimitNs = 5 * kNanosecondsPerSecond;

/// Responses are awaited one by one, by the thread that sent the request.
bool waits_for_each(const LoadSpec& spec) {
  return spec.pattern == LoadPattern::kConnections ||
         (spec.pattern == LoadPattern::kRequestResponse && !spec.is_paced());
}

}  // namespace

Source::Source(const LoadSpec& spec, const IpAddress& address, const SinkName& sink,
               std::uint16_t trial)
    : spec_(spec),
      pattern_(spec.seed, spec.most_payload_bytes()),
      trial_(trial),
      sockets_(spec.threads) {
  ensure(sink.ports.size() == spec.threads, "a sink has a port for each thread");
  if (spec_.pattern != LoadPattern::kConnections) open_flows(address, sink);
  for (std::size_t thread = 0; thread < spec_.threads; ++thread)
    make_thread(thread, address, sink, trial);
}

void Source::open_flows(const IpAddress& address, const SinkName& sink) {
  const bool udp = spec_.protocol == LoadProtocol::kUdp;
  for (std::size_t flow = 0; flow < spec_.flows; ++flow) {
    const std::size_t thread = flow % spec_.threads;
    FileDescriptor socket =
        bind_load_socket(udp ? SOCK_DGRAM : SOCK_STREAM, address, spec_.port(flow));
    // Before the connection is made: what a connection began with leaves traces, as bbr's pacing.
    if (!udp && !spec_.congestion_control.empty())
      use_congestion_control(socket, spec_.congestion_control);
    if (udp && spec_.segments > 1) send_in_segments(socket, spec_.payload_bytes.front());
    connect_load_socket(socket, sink.address, sink.ports[thread], kConnectLimitNs);
    if (!udp) {
      congestion_control_ = congestion_control_of(socket);
      if (spec_.has_responses()) send_at_once(socket);
    }
    sockets_[thread].push_back(std::move(socket));
  }
}

void Source::make_thread(std::size_t thread, const IpAddress& address, const SinkName& sink,
                         std::uint16_t trial) {
  const std::vector<FileDescriptor>& sockets = sockets_[thread];
  const std::atomic<bool>& stop = senders_at_work_.stop();
  const bool udp = spec_.protocol == LoadProtocol::kUdp;
  thread_statistics_.push_back(
      std::make_unique<ReceiveStatistics>(spec_, pattern_, trial, thread, true));
  ReceiveStatistics& statistics = *thread_statistics_.back();
  if (spec_.pattern == LoadPattern::kConnections) {
    socket_senders_.push_back(
        make_connection_request_client(address, SocketAddress(sink.address, sink.ports[thread]),
                                       spec_, pattern_, statistics, stop));
    return;
  }
  if (waits_for_each(spec_)) {
    socket_senders_.push_back((udp ? make_udp_request_client : make_tcp_request_client)(
        sockets, spec_, pattern_, statistics, stop));
    return;
  }
  socket_senders_.push_back(udp ? make_udp_sender(sockets, pattern_, spec_.segments)
                                : make_tcp_sender(sockets, pattern_, stop));
  if (!spec_.has_responses()) return;
  const ReceiverParts parts{.spec = spec_,
                            .pattern = pattern_,
                            .statistics = statistics,
                            .stop = receivers_at_work_.stop()};
  receivers_.push_back(udp ? make_udp_receiver(parts, sockets)
                           : make_tcp_receiver(parts, no_listener_, sockets));
}

void Source::start(std::int64_t begin_ns) {
  for (const auto& receiver : receivers_)
    receivers_at_work_.add(spec_.sink_cpus, "load-answers",
                           [&receiver = *receiver] { receiver.run(); });
  for (std::size_t thread = 0; thread < spec_.threads; ++thread) {
    const SenderShare share{.trial = trial_, .thread = thread, .begin_ns = begin_ns};
    senders_.push_back(
        std::make_unique<Sender>(spec_, share, *socket_senders_[thread], senders_at_work_.stop()));
  }
  for (const auto& sender : senders_)
    senders_at_work_.add(spec_.source_cpus, "load-source", [&sender = *sender] { sender.run(); });
}

LiveTotals Source::live() const noexcept {
  LiveTotals totals;
  for (const auto& sender : senders_) totals += sender->live();
  return totals;
}

LiveTotals Source::live_responses() const noexcept {
  LiveTotals totals;
  for (const auto& statistics : thread_statistics_) totals += statistics->live();
  return totals;
}

SendReport Source::sent() const {
  SendReport sum;
  for (const auto& sender : senders_) sum += sender->report();
  return sum;
}

ReceiveReport Source::responses() const {
  ReceiveReport sum;
  for (const auto& statistics : thread_statistics_) sum += statistics->report();
  return sum;
}

void Source::finish() {
  senders_at_work_.join();
  receivers_at_work_.join();
}

}  // namespace tunrelay
