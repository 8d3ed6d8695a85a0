#include "link/stage_factory.hpp"

#include <utility>

#include "base/error.hpp"
#include "link/trace_file.hpp"
#include "stage/bottleneck.hpp"

namespace tunrelay {
namespace {

using PaceFactory = std::function<std::unique_ptr<LinkPace>()>;

PaceFactory pace_factory(const BottleneckDescription& link, std::int64_t origin_ns) {
  if (link.pace == BottleneckDescription::Pace::kTrace)
    return [times_ns = read_delivery_trace(link.file), origin_ns] {
      return std::make_unique<OpportunityPace>(times_ns, origin_ns);
    };
  const RateSteps steps = link.pace == BottleneckDescription::Pace::kSteps
                              ? read_rate_steps(link.file)
                              : RateSteps{{{0, link.bits_per_s}}, 0};
  return [steps, origin_ns, burst_bytes = link.burst_bytes] {
    return std::make_unique<RatePace>(steps.steps, steps.period_ns, origin_ns, burst_bytes);
  };
}

struct FactoryMaker {
  const StagePlace& place;

  StageFactory operator()(const BottleneckDescription& link) const {
    Bottleneck::Settings settings{
        .queue = link.queue,
        .wire = link.wire,
        // One instance a direction, so that no two stages of a link draw the same numbers.
        .seed = place.seed + 2 * std::uint64_t{place.stage} + place.direction};
    if (place.is_replay) settings.gather_ns = 0;
    return [settings, make_pace = pace_factory(link, place.origin_ns)] {
      return std::make_unique<Bottleneck>(make_pace(), settings);
    };
  }
  template <typename Missing>
  StageFactory operator()(const Missing& /*missing*/) const {
    throw_usage_error("make", "the stage", "this build does not have it");
  }
  StageFactory operator()(const MtuConfig& config) const {
    return [config] { return std::make_unique<Mtu>(config); };
  }
  StageFactory operator()(const OutageConfig& config) const {
    return [config, origin_ns = place.origin_ns] {
      return std::make_unique<Outage>(config, origin_ns);
    };
  }
};

}  // namespace

StageScope stage_scope(const StageChoice& choice) {
  const bool looks_at_packets_alone =
      std::holds_alternative<MtuConfig>(choice) || std::holds_alternative<OutageConfig>(choice);
  return looks_at_packets_alone ? StageScope::kLane : StageScope::kDirection;
}

StageFactory make_factory(const StageChoice& choice, const StagePlace& place) {
  return std::visit(FactoryMaker{place}, choice);
}

}  // namespace tunrelay
