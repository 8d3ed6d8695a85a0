// SPDX-License-Identifier: MIT
#include "link/link_fit.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

#include "base/clean_text.hpp"
#include "base/ensure.hpp"
#include "base/error.hpp"
#include "base/units.hpp"
#include "link/stage_text.hpp"
#include "stage/jitter.hpp"

namespace tunrelay {
namespace {

constexpr std::size_t kMaxPings = 10'000'000;
constexpr std::size_t kTableEntries = 4096;

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

RoundTrips parse_ping(std::string_view text, const std::string& name) {
  RoundTrips trips;
  std::optional<std::size_t> first;
  const auto reach = [&](std::size_t count) {
    if (count > kMaxPings) throw_usage_error("read", name, "it has more than 10,000,000 pings");
    if (trips.size() < count) trips.resize(count);
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
      auto& trip = trips[*sequence - *first];
      if (!trip) trip = time_ns;
    } else if (line.find(" packets transmitted") != std::string_view::npos) {
      std::size_t sent = 0;
      std::from_chars(line.data(), line.data() + line.size(), sent);
      reach(sent);
    }
  }
  if (std::none_of(trips.begin(), trips.end(), [](const auto& trip) { return trip.has_value(); }))
    throw_usage_error("fit a link to", name, "there is no answer of ping in it",
                      "give what `ping -n ADDRESS` prints");
  return trips;
}

DelayFit fit_delay(std::vector<std::int64_t> delays_ns) {
  ensure(!delays_ns.empty(), "a delay is fitted to delays");
  std::sort(delays_ns.begin(), delays_ns.end());
  double sum = 0;
  for (const std::int64_t delay : delays_ns) sum += static_cast<double>(delay);
  const double mean = sum / static_cast<double>(delays_ns.size());
  double squares = 0;
  for (const std::int64_t delay : delays_ns)
    squares += (static_cast<double>(delay) - mean) * (static_cast<double>(delay) - mean);
  DelayFit fit;
  fit.config.delay_ns = std::llround(mean);
  constexpr double kMaxSteps = std::numeric_limits<std::int16_t>::max();
  const double farthest = std::max(mean - static_cast<double>(delays_ns.front()),
                                   static_cast<double>(delays_ns.back()) - mean);
  // The farthest value still fits 16 bits.
  const double jitter_ns = std::max(std::sqrt(squares / static_cast<double>(delays_ns.size())),
                                    farthest * kJitterScale / kMaxSteps);
  fit.config.jitter_ns = std::llround(std::ceil(jitter_ns));
  if (fit.config.jitter_ns == 0) return fit;
  fit.config.shape = JitterShape::kTable;
  fit.config.keep_order = true;
  for (std::size_t entry = 0; entry < kTableEntries; ++entry) {
    const std::size_t at = (2 * entry + 1) * delays_ns.size() / (2 * kTableEntries);
    const double steps = (static_cast<double>(delays_ns[at]) - mean) * kJitterScale /
                         static_cast<double>(fit.config.jitter_ns);
    fit.config.table.push_back(
        static_cast<std::int16_t>(std::clamp(std::nearbyint(steps), -kMaxSteps, kMaxSteps)));
  }
  // Of the quantiles that the table has, the farthest from its place in what was measured.
  for (std::size_t entry = 0; entry < kTableEntries; ++entry) {
    const double value = mean + static_cast<double>(fit.config.table[entry]) *
                                    static_cast<double>(fit.config.jitter_ns) / kJitterScale;
    const double half_step = 0.5 * static_cast<double>(fit.config.jitter_ns) / kJitterScale + 1;
    const auto below = std::lower_bound(delays_ns.begin(), delays_ns.end(), value - half_step);
    const auto behind = std::upper_bound(delays_ns.begin(), delays_ns.end(), value + half_step);
    const auto share = [&](auto place) {
      return static_cast<double>(place - delays_ns.begin()) / static_cast<double>(delays_ns.size());
    };
    const double place = (static_cast<double>(entry) + 0.5) / kTableEntries;
    fit.distance = std::max({fit.distance, share(below) - place, place - share(behind)});
  }
  return fit;
}

LinkFit fit_link(const RoundTrips& round_trips, const std::string& from,
                 const std::string& table_file) {
  std::vector<std::int64_t> trips_ns;
  std::vector<bool> lost;
  for (const auto& trip : round_trips) {
    lost.push_back(!trip);
    if (trip) trips_ns.push_back(*trip);
  }
  const std::int64_t there_ns = *std::min_element(trips_ns.begin(), trips_ns.end()) / 2;
  for (std::int64_t& trip : trips_ns) trip -= there_ns;
  LinkFit fit{.toml = {},
              .table = {},
              .packets = round_trips.size(),
              .answers = trips_ns.size(),
              .delay = fit_delay(trips_ns),
              .loss = fit_loss(lost)};
  const DelayFit& delay = fit.delay;
  const LossFit& loss = fit.loss;
  DelayDescription there;
  there.config.delay_ns = there_ns;
  DelayDescription back{.config = delay.config, .table_file = {}};
  back.config.table.clear();
  if (!delay.config.table.empty()) {
    back.table_file.name = table_file;
    fit.table = "# " + clean_line(from) + "\n";
    for (const std::int16_t steps : delay.config.table) fit.table += fmt::format("{}\n", steps);
  }
  StageList stages{{back, {}}};
  if (loss.rate > 0) stages.push_back({loss.model, {}});
  fit.toml = fmt::format(
      "# {0}\n"
      "# {1} packets, {2} answers. The delay's table is {3:.4f} from what was measured\n"
      "# (Kolmogorov-Smirnov).\n",
      clean_line(from), round_trips.size(), trips_ns.size(), delay.distance);
  if (loss.rate > 0)
    fit.toml += fmt::format(
        "# Losses: {:.4f} %, {:.2f} in a row; the model's: {:.2f} in a row. Its log-likelihood is "
        "{:.1f},\n# that of independent losses {:.1f}.\n",
        100 * loss.rate, loss.mean_burst, loss.model_mean_burst, loss.log_likelihood,
        loss.independent_log_likelihood);
  const auto quoted = [](const StageList& list) {
    std::string text = "\"";
    for (const char letter : print_stages(list)) {
      if (letter == '"' || letter == '\\') text += '\\';
      text += letter;
    }
    return text + '"';
  };
  fit.toml += fmt::format("summary = \"fitted to {} round trips\"\na-to-b = {}\nb-to-a = {}\n",
                          trips_ns.size(), quoted({{there, {}}}), quoted(stages));
  return fit;
}

}  // namespace tunrelay
