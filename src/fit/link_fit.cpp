// SPDX-License-Identifier: MIT
#include "fit/link_fit.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <utility>

#include <nlohmann/json.hpp>

#include "base/clean_text.hpp"
#include "base/json_text.hpp"
#include "link/stage_text.hpp"

namespace tunrelay {
namespace {

constexpr std::size_t kMinUnqueued = 100;
constexpr std::array<const char*, 2> kWayNames{"a-to-b", "b-to-a"};

/// Those that no queue delayed; where they are too few none, unless there was no queue at all.
SentPackets unqueued(const SentPackets& packets, const std::optional<RateFit>& rate) {
  if (!rate) return packets;
  SentPackets kept;
  for (const SentPacket& packet : packets)
    if (!rate->met_full_link(packet)) kept.push_back(packet);
  return kept.size() >= kMinUnqueued ? kept : SentPackets{};
}

std::vector<std::int64_t> delays_of(const SentPackets& packets) {
  std::vector<std::int64_t> delays_ns;
  for (const SentPacket& packet : packets)
    if (packet.delay_ns) delays_ns.push_back(*packet.delay_ns);
  return delays_ns;
}

/// The way's counts, and its losses.
void fit_packets(const SentPackets& packets, const std::optional<RateFit>& rate, WayFit& way) {
  way.packets = packets.size();
  way.arrived = static_cast<std::size_t>(std::count_if(
      packets.begin(), packets.end(), [](const auto& packet) { return packet.arrived; }));
  std::vector<bool> lost;
  for (const SentPacket& packet : unqueued(packets, rate)) lost.push_back(!packet.arrived);
  if (!lost.empty()) way.loss = fit_loss(lost);
}

/// The delays of PACKETS, or what is left of them without a queue.
std::vector<std::int64_t> unqueued_delays(const SentPackets& packets,
                                          const std::optional<RateFit>& rate) {
  std::vector<std::int64_t> delays_ns = delays_of(unqueued(packets, rate));
  if (delays_ns.empty()) {
    delays_ns = delays_of(packets);
    std::nth_element(delays_ns.begin(), delays_ns.begin(), delays_ns.end());
    delays_ns.resize(std::min<std::size_t>(delays_ns.size(), 1));
  }
  return delays_ns;
}

/// Each way by itself.
void fit_one_way(const LinkMeasurement& measurement, std::array<WayFit, 2>& ways) {
  for (std::size_t at = 0; at < 2; ++at) {
    const SentPackets& packets = measurement.packets[at];
    ways[at].rate = fit_rate(packets);
    fit_packets(packets, ways[at].rate, ways[at]);
    auto delays_ns = unqueued_delays(packets, ways[at].rate);
    if (!delays_ns.empty()) ways[at].delay = fit_delay(std::move(delays_ns));
  }
}

void fit_round_trips(const LinkMeasurement& measurement, std::array<WayFit, 2>& ways) {
  ways[0].rate = fit_rate(measurement.flow);
  const auto& rate = ways[0].rate;
  const bool has_pings = !measurement.packets[1].empty();
  fit_packets(has_pings ? measurement.packets[0] : measurement.flow, rate, ways[0]);
  fit_packets(measurement.packets[1], rate, ways[1]);
  auto trips_ns = unqueued_delays(has_pings ? measurement.packets[1] : measurement.flow, rate);
  if (trips_ns.empty()) return;
  const std::int64_t there_ns = *std::min_element(trips_ns.begin(), trips_ns.end()) / 2;
  for (std::int64_t& trip : trips_ns) trip -= there_ns;
  ways[0].delay = fit_delay({there_ns});
  ways[1].delay = fit_delay(std::move(trips_ns));
}

/// Writes the link file, and those that it names.
class LinkWriter {
 public:
  LinkWriter(LinkFit& fit, std::string stem, const std::string& from, bool names_ways)
      : fit_(fit), stem_(std::move(stem)), from_(clean_line(from)), names_ways_(names_ways) {}

  void write() {
    fit_.toml = "# " + from_ + "\n";
    std::array<std::string, 2> stages;
    for (std::size_t at = 0; at < 2; ++at) stages[at] = quoted(stages_of(at));
    fit_.toml += fmt::format("summary = \"fitted to {} packets\"\n",
                             std::max(fit_.ways[0].packets, fit_.ways[1].packets));
    for (std::size_t at = 0; at < 2; ++at)
      fit_.toml += fmt::format("{} = {}\n", kWayNames[at], stages[at]);
  }

 private:
  std::string add_file(std::size_t at, const char* ending, std::string text) {
    std::string name = stem_;
    if (names_ways_) name += std::string("-") + kWayNames[at];
    name += ending;
    fit_.files.push_back({name, std::move(text)});
    return name;
  }

  StageList stages_of(std::size_t at) {
    const WayFit& way = fit_.ways[at];
    StageList stages;
    if (way.packets != 0)
      fit_.toml +=
          fmt::format("# {}: {} packets, {} arrived.\n", kWayNames[at], way.packets, way.arrived);
    if (way.rate) stages.push_back({rate_stage(at, *way.rate), {}});
    if (way.delay && way.delay->config.delay_ns + way.delay->config.jitter_ns != 0)
      stages.push_back({delay_stage(at, *way.delay), {}});
    if (way.loss && way.loss->rate > 0) {
      const LossFit& loss = *way.loss;
      fit_.toml += fmt::format(
          "# Losses: {:.4f} %, {:.2f} in a row; the model's: {:.2f} in a row. Its log-likelihood "
          "is {:.1f},\n# that of independent losses {:.1f}.\n",
          100 * loss.rate, loss.mean_burst, loss.model_mean_burst, loss.log_likelihood,
          loss.independent_log_likelihood);
      stages.push_back({loss.model, {}});
    }
    return stages;
  }

  BottleneckDescription rate_stage(std::size_t at, const RateFit& rate) {
    fit_.toml += fmt::format(
        "# Rate: {} step{}, {:.1f} % from what was measured in the mean, while the link was full "
        "({:.0f} %\n# of the time).\n",
        rate.steps.size(), rate.steps.size() == 1 ? "" : "s", 100 * rate.deviation,
        100 * rate.full_ratio);
    BottleneckDescription stage;
    if (rate.steps.size() == 1) {
      stage.bits_per_s = rate.steps.front().bits_per_s;
    } else {
      stage.pace = BottleneckDescription::Pace::kSteps;
      stage.file.name = add_file(at, ".steps", rate_steps_text(rate, from_));
    }
    // A queue that lost nothing is longer than all that was seen of it.
    stage.queue.limit_unit = QueueLimitUnit::kNanoseconds;
    constexpr std::int64_t kUnitNs = 100'000;
    const std::int64_t longest_ns = rate.longest_wait_ns * (rate.has_losses_when_full ? 1 : 2);
    stage.queue.limit = static_cast<std::uint64_t>((longest_ns / kUnitNs + 1) * kUnitNs);
    return stage;
  }

  DelayDescription delay_stage(std::size_t at, const DelayFit& delay) {
    DelayDescription stage{.config = delay.config, .table_file = {}};
    stage.config.table.clear();
    if (delay.config.table.empty()) return stage;
    fit_.toml +=
        fmt::format("# The delay's table is {:.4f} from what was measured (Kolmogorov-Smirnov).\n",
                    delay.distance);
    std::string table = "# " + from_ + "\n";
    for (const std::int16_t steps : delay.config.table) table += fmt::format("{}\n", steps);
    stage.table_file.name = add_file(at, ".dist", std::move(table));
    return stage;
  }

  /// A TOML string: its escapes are JSON's.
  static std::string quoted(const StageList& list) {
    return json_text(nlohmann::json(print_stages(list)));
  }

  LinkFit& fit_;
  std::string stem_;
  std::string from_;
  bool names_ways_;
};

}  // namespace

LinkFit fit_link(const LinkMeasurement& measurement, const std::string& stem) {
  LinkFit fit;
  if (measurement.round_trips)
    fit_round_trips(measurement, fit.ways);
  else
    fit_one_way(measurement, fit.ways);
  LinkWriter(fit, stem, measurement.from, !measurement.round_trips).write();
  return fit;
}

}  // namespace tunrelay
