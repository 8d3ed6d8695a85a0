// SPDX-License-Identifier: MIT
#include "fit/ping_text.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

#include "base/error.hpp"
#include "base/units.hpp"

namespace tunrelay {
namespace {

/// The number behind KEY in LINE; nothing where there is none.
template <typename Number>
std::optional<Number> number_behind(std::string_view line, std::string_view key) {
  const std::size_t at = line.find(key);
  if (at == std::string_view::npos) return std::nullopt;
  line.remove_prefix(at + key.size());
  Number number{};
  const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), number);
  return error == std::errc{} ? std::optional(number) : std::nullopt;
}

/// "time=23.4 ms", as ns.
std::optional<std::int64_t> time_in(std::string_view line) {
  const std::size_t at = line.find("time=");
  if (at == std::string_view::npos) return std::nullopt;
  std::string text(line.substr(at + 5));
  text.resize(std::min(text.find_first_of("\r\n"), text.size()));
  text.erase(std::remove(text.begin(), text.end(), ' '), text.end());
  text.resize(std::min(text.find('('), text.size()));  // "(DUP!)"
  try {
    return parse_duration_ns(text);
  } catch (const Error&) {
    return std::nullopt;
  }
}

}  // namespace

LinkMeasurement parse_ping(std::string_view text, const std::string& name) {
  LinkMeasurement measurement{.from = name, .round_trips = true, .packets = {}, .flow = {}};
  SentPackets& pings = measurement.packets[1];
  std::optional<std::size_t> first;
  const auto reach = [&](std::size_t count) {
    if (count > kMaxMeasuredPackets)
      throw_usage_error("read", name, "it has more than 10,000,000 pings");
    if (pings.size() < count) pings.resize(count);
  };
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    if (const auto sequence = number_behind<std::size_t>(line, "icmp_seq=")) {
      const auto time_ns = time_in(line);
      if (!time_ns) continue;  // "Destination Host Unreachable" and the like: no answer
      if (!first) first = std::min<std::size_t>(*sequence, 1);
      if (*sequence < *first) continue;
      reach(*sequence - *first + 1);
      SentPacket& ping = pings[*sequence - *first];
      if (ping.arrived) continue;
      ping.arrived = true;
      ping.delay_ns = time_ns;
    } else if (line.find(" packets transmitted") != std::string_view::npos) {
      std::size_t sent = 0;
      std::from_chars(line.data(), line.data() + line.size(), sent);
      reach(sent);
    }
  }
  if (std::none_of(pings.begin(), pings.end(), [](const auto& ping) { return ping.arrived; }))
    throw_usage_error("fit a link to", name, "there is no answer of ping in it",
                      "give what `ping -n ADDRESS` prints, IRTT's JSON, or a capture");
  return measurement;
}

}  // namespace tunrelay
