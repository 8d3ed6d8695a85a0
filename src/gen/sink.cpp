// SPDX-License-Identifier: MIT
#include "gen/sink.hpp"

#include "gen/load_socket.hpp"

namespace tunrelay {

Sink::Sink(const LoadSpec& spec, const IpAddress& address, std::uint16_t trial)
    : spec_(spec), pattern_(spec.seed, spec.most_payload_bytes()) {
  const bool udp = spec_.protocol == LoadProtocol::kUdp;
  for (std::size_t thread = 0; thread < spec_.threads; ++thread) {
    FileDescriptor socket =
        bind_load_socket(udp ? SOCK_DGRAM : SOCK_STREAM, address, spec_.port(thread));
    if (udp && spec_.receive_merged) receive_merged(socket);
    if (!udp) listen_on(socket);
    ports_.push_back(port_of(socket));
    sockets_.emplace_back().push_back(std::move(socket));
    thread_statistics_.push_back(
        std::make_unique<ReceiveStatistics>(spec_, pattern_, trial, thread, false));
  }
  for (std::size_t thread = 0; thread < spec_.threads; ++thread) {
    const ReceiverParts parts{.spec = spec_,
                              .pattern = pattern_,
                              .statistics = *thread_statistics_[thread],
                              .stop = threads_.stop(),
                              .echo = spec_.has_responses()};
    const FileDescriptor& first = sockets_[thread].front();
    if (udp)
      receivers_.push_back(make_udp_receiver(parts, sockets_[thread]));
    else if (spec_.pattern == LoadPattern::kConnections)
      receivers_.push_back(make_connection_receiver(parts, first));
    else
      receivers_.push_back(make_tcp_receiver(parts, first, no_connections_));
  }
}

void Sink::start() {
  for (const auto& receiver : receivers_)
    threads_.add(spec_.sink_cpus, "load-sink", [&receiver = *receiver] { receiver.run(); });
}

LiveTotals Sink::live() const noexcept {
  LiveTotals totals;
  for (const auto& statistics : thread_statistics_) totals += statistics->live();
  return totals;
}

ReceiveReport Sink::received() const {
  ReceiveReport sum;
  for (const auto& statistics : thread_statistics_) sum += statistics->report();
  return sum;
}

}  // namespace tunrelay
