// SPDX-License-Identifier: MIT
#include "fit/irtt_json.hpp"

#include <optional>

#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "base/json_number.hpp"
#include "base/json_text.hpp"

namespace tunrelay {
namespace {

using Json = nlohmann::json;

constexpr const char* kTrips = "round_trips";

/// One entry of "round_trips" becomes a packet each way; none for a way that it did not come to.
class TripReader {
 public:
  TripReader(LinkMeasurement& measurement, const std::string& name)
      : measurement_(measurement), name_(name) {}

  void read(const Json& trip) {
    const auto fate = trip.at("lost").get<std::string>();
    const bool lost_there = fate == "true_up";
    const auto sent_ns =
        whole_number<std::int64_t>(trip.at("timestamps").at("client").at("send"), "monotonic");
    SentPacket there{.sent_ns = sent_ns, .bytes = 0, .arrived = !lost_there};
    SentPacket back{.sent_ns = sent_ns, .bytes = 0, .arrived = fate == "false"};
    if (measurement_.round_trips) {
      if (back.arrived) back.delay_ns = delay_of(trip, "rtt");
    } else {
      if (back.arrived) back.delay_ns = delay_of(trip, "receive");
      if (back.arrived) there.delay_ns = delay_of(trip, "send");
    }
    measurement_.packets[0].push_back(there);
    if (!lost_there) measurement_.packets[1].push_back(back);
  }

 private:
  std::int64_t delay_of(const Json& trip, const char* which) const {
    const Json& delay = trip.at("delay");
    if (!delay.contains(which))
      throw_usage_error(
          "read", name_,
          std::string("it has no times of the server: \"delay\" has no \"") + which + "\"",
          "leave out --one-clock, or run `irtt client` with --tstamp=both");
    const auto delay_ns = whole_number<std::int64_t>(delay, which);
    if (delay_ns < 0)
      throw_usage_error("read", name_, "a packet arrived before it was sent: the clocks differ",
                        "leave out --one-clock");
    return delay_ns;
  }

  LinkMeasurement& measurement_;
  const std::string& name_;
};

}  // namespace

LinkMeasurement parse_irtt(std::string_view text, bool one_clock, const std::string& name) {
  LinkMeasurement measurement{.from = name, .round_trips = !one_clock, .packets = {}, .flow = {}};
  try {
    const Json json = Json::parse(text);
    const Json& trips = json.at(kTrips);
    if (trips.size() > kMaxMeasuredPackets)
      throw_usage_error("read", name, "it has more than 10,000,000 packets");
    TripReader reader(measurement, name);
    for (const Json& trip : trips) reader.read(trip);
  } catch (const Json::exception& error) {
    throw_usage_error("read", name, bare_message(error),
                      "give what `irtt client -o FILE.json` writes");
  }
  bool any = false;
  for (const SentPacket& packet : measurement.packets[1]) any |= packet.arrived;
  if (!any) throw_usage_error("fit a link to", name, "no packet came back");
  return measurement;
}

}  // namespace tunrelay
