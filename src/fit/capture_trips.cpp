// SPDX-License-Identifier: MIT
#include "fit/capture_trips.hpp"

#include <utility>

#include "fit/echo_trips.hpp"
#include "fit/tcp_trips.hpp"

namespace tunrelay {

LinkMeasurement measure_trips(const std::string& file) {
  LinkMeasurement measurement{.from = file, .round_trips = true, .packets = {}, .flow = {}};
  EchoTrips echoes;
  TcpTrips segments;
  read_capture(file, [&](const CapturedPacket& packet) {
    echoes.look(packet);
    segments.look(packet);
  });
  std::string source;
  if (EchoTrips::Series* series = echoes.longest()) {
    source = series->source;
    measurement.packets[1] = std::move(series->requests);
  }
  measurement.flow = segments.largest(source);
  if (measurement.packets[1].empty() && measurement.flow.empty())
    throw_usage_error("fit a link to", file,
                      "there is no answered ping in it, and no TCP flow of a hundred segments",
                      "capture where they are sent, or give the captures of both ends");
  return measurement;
}

}  // namespace tunrelay
