// SPDX-License-Identifier: MIT
#include "link/stage_factory.hpp"

#include <utility>

#include "base/ensure.hpp"
#include "link/trace_file.hpp"
#include "stage/bottleneck.hpp"
#include "stage/corrupt.hpp"
#include "stage/delay.hpp"
#include "stage/duplicate.hpp"
#include "stage/loss.hpp"
#include "stage/policer.hpp"
#include "stage/remark.hpp"
#include "stage/slot.hpp"

namespace tunrelay {
namespace {

using PaceFactory = std::function<std::unique_ptr<LinkPace>()>;

PaceFactory pace_factory(const BottleneckDescription& link, std::int64_t origin_ns) {
  if (link.pace == BottleneckDescription::Pace::kTrace)
    return [times_ns =
                std::make_shared<const std::vector<std::int64_t>>(parse_delivery_trace(link.file)),
            origin_ns] { return std::make_unique<OpportunityPace>(times_ns, origin_ns); };
  const RateSteps steps = link.pace == BottleneckDescription::Pace::kSteps
                              ? parse_rate_steps(link.file)
                              : RateSteps{{{0, link.bits_per_s}}, 0};
  return [steps, origin_ns, burst_bytes = link.burst_bytes] {
    return std::make_unique<RatePace>(steps.steps, steps.period_ns, origin_ns, burst_bytes);
  };
}

/// CONFIG with the table of FILE, where it has one.
DelayConfig with_table(DelayConfig config, const StageFile& file) {
  if (config.shape != JitterShape::kTable) return config;
  ensure(file.text != nullptr, "a stage's file was not read");
  config.table = parse_delay_table(*file.text);
  return config;
}

struct FactoryMaker {
  const StagePlace& place;
  std::uint8_t kind;  ///< the alternative of StageChoice

  /// A stage that decides by the number of a wire segment in its direction: all its instances
  /// count together.
  template <typename Impairment, typename Config>
  [[nodiscard]] StageFactory impairment(Config config) const {
    const ImpairmentKey key{place.seed, place.stage, place.direction, kind};
    return [config = std::move(config), key,
            numbers = std::make_shared<SegmentNumbers>()](std::size_t /*queue*/) {
      return std::make_unique<Impairment>(config, key, numbers);
    };
  }
  StageFactory operator()(const BottleneckDescription& link) const {
    Bottleneck::Settings settings{
        .queue = link.queue,
        .wire = link.wire,
        // One instance a direction, so that no two stages of a link draw the same numbers.
        .seed = place.seed + 2 * std::uint64_t{place.stage} + place.direction};
    if (place.is_replay) settings.gather_ns = 0;
    return [settings, make_pace = pace_factory(link, place.origin_ns)](std::size_t /*queue*/) {
      return std::make_unique<Bottleneck>(make_pace(), settings);
    };
  }
  StageFactory operator()(const DelayDescription& delay) const {
    return impairment<Delay>(with_table(delay.config, delay.table_file));
  }
  StageFactory operator()(const PolicerConfig& config) const {
    return [config](std::size_t /*queue*/) { return std::make_unique<Policer>(config); };
  }
  StageFactory operator()(const SlotDescription& slot) const {
    SlotConfig config = slot.config;
    config.distribution = with_table(config.distribution, slot.table_file);
    const ImpairmentKey key{place.seed, place.stage, place.direction, kind};
    return [config, key](std::size_t /*queue*/) { return std::make_unique<Slot>(config, key); };
  }
  StageFactory operator()(const TrafficClassChange& change) const {
    return [change](std::size_t /*queue*/) { return std::make_unique<Remark>(change); };
  }
  StageFactory operator()(const LossConfig& config) const { return impairment<Loss>(config); }
  StageFactory operator()(const DuplicateConfig& config) const {
    return impairment<Duplicate>(config);
  }
  StageFactory operator()(const CorruptConfig& config) const { return impairment<Corrupt>(config); }
  StageFactory operator()(const MtuConfig& config) const {
    return [config, way_back = place.way_back](std::size_t queue) {
      return std::make_unique<Mtu>(config, config.answers ? way_back(queue) : nullptr);
    };
  }
  StageFactory operator()(const OutageConfig& config) const {
    return [config, origin_ns = place.origin_ns](std::size_t /*queue*/) {
      return std::make_unique<Outage>(config, origin_ns);
    };
  }
};

}  // namespace

StageScope stage_scope(const StageChoice& choice) {
  // A rate, its queue and slots are a direction's. All others look at each packet by itself, and
  // count wire segments, where they do, for all lanes of their direction.
  return std::holds_alternative<BottleneckDescription>(choice) ||
                 std::holds_alternative<PolicerConfig>(choice) ||
                 std::holds_alternative<SlotDescription>(choice)
             ? StageScope::kDirection
             : StageScope::kLane;
}

bool has_answers(const StageChoice& choice) {
  const auto* mtu = std::get_if<MtuConfig>(&choice);
  return mtu != nullptr && mtu->answers;
}

bool is_link_of_limited_speed(const StageChoice& choice) {
  return std::holds_alternative<BottleneckDescription>(choice);
}

std::unique_ptr<LinkPace> make_pace(const StageChoice& choice, std::int64_t origin_ns) {
  const auto* link = std::get_if<BottleneckDescription>(&choice);
  return link == nullptr ? nullptr : pace_factory(*link, origin_ns)();
}

StageFactory make_factory(const StageChoice& choice, const StagePlace& place) {
  return std::visit(FactoryMaker{place, static_cast<std::uint8_t>(choice.index())}, choice);
}

}  // namespace tunrelay
