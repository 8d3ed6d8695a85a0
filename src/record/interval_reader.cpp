// SPDX-License-Identifier: MIT
#include "record/interval_reader.hpp"

#include <utility>

#include "base/clock.hpp"

namespace tunrelay {
namespace {

// A look takes some time. A little less than the usual interval, which is never exact.
constexpr std::int64_t kFlowsIntervalNs = 95 * kNanosecondsPerMillisecond;

std::uint64_t since(std::uint64_t now, std::uint64_t before) {
  return now > before ? now - before : 0;
}

DirectionInterval difference(const LaneCounts& now, const LaneCounts& before) {
  DirectionInterval interval{.read = now.read - before.read,
                             .made = now.made - before.made,
                             .written = now.written - before.written,
                             .dropped = {},
                             .queued = now.queued,
                             .stages = {}};
  for (std::size_t reason = 0; reason < kDropReasons; ++reason)
    interval.dropped.by_reason.at(reason) = now.dropped.at(reason) - before.dropped.at(reason);
  return interval;
}

}  // namespace

IntervalReader::IntervalReader(const Beginning& beginning, const EmulatedLink& link, Read read)
    : ready_ns_(beginning.ready_ns),
      peaks_(beginning.peaks),
      read_(std::move(read)),
      read_flows_(beginning.read_flows),
      flows_seen_ns_(beginning.is_at_ready ? ready_ns_ : monotonic_ns()),
      begin_ns_(flows_seen_ns_) {
  follow(link, begin_ns_ - ready_ns_);
  if (!beginning.is_at_ready) {
    seen_ = read_();
    static_cast<void>(series_->next(begin_ns_));
    if (read_flows_) static_cast<void>(flows_.next(read_flows_()));
  } else {
    seen_.worker_cpu_ns = read_().worker_cpu_ns;
  }
}

void IntervalReader::follow(const EmulatedLink& link, std::int64_t at_ns) {
  if (series_)
    series_->follow(link, ready_ns_ + at_ns);
  else
    series_ = std::make_unique<LinkSeries>(link, ready_ns_ + at_ns, peaks_);
  link_ = {.at_ns = at_ns, .seed = link.description().seed.value_or(0), .stages = series_->texts()};
}

RecordInterval IntervalReader::next(std::int64_t now_ns, bool with_flows) {
  RelayReading reading = read_();
  RecordInterval interval{.from_ns = begin_ns_ - ready_ns_,
                          .to_ns = now_ns - ready_ns_,
                          .directions = {},
                          .worker_cpu_ns = {},
                          .flows_ns = 0,
                          .flows = {}};
  auto stages = series_->next(now_ns);
  for (std::size_t direction = 0; direction < kDirections; ++direction) {
    interval.directions.at(direction) =
        difference(reading.lanes.at(direction), seen_.lanes.at(direction));
    interval.directions.at(direction).stages = std::move(stages.at(direction));
  }
  for (std::size_t worker = 0; worker < reading.worker_cpu_ns.size(); ++worker)
    interval.worker_cpu_ns.push_back(
        since(reading.worker_cpu_ns[worker],
              worker < seen_.worker_cpu_ns.size() ? seen_.worker_cpu_ns[worker] : 0));
  if (read_flows_ && (with_flows || now_ns - flows_seen_ns_ >= kFlowsIntervalNs)) {
    interval.flows = flows_.next(read_flows_());
    interval.flows_ns = now_ns - flows_seen_ns_;
    flows_seen_ns_ = now_ns;
  }
  seen_ = std::move(reading);
  begin_ns_ = now_ns;
  return interval;
}

}  // namespace tunrelay
