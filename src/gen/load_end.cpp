#include "gen/load_end.hpp"

namespace tunrelay {

std::vector<std::uint16_t> LocalEnd::open_sink(const LoadSpec& spec, std::uint16_t trial) {
  sink_ = std::make_unique<Sink>(spec, address_, trial);
  sink_->start();
  return sink_->ports();
}

std::string LocalEnd::open_source(const LoadSpec& spec, const SinkName& sink, std::uint16_t trial) {
  source_ = std::make_unique<Source>(spec, address_, sink, trial);
  return source_->congestion_control();
}

void LocalEnd::start(std::int64_t begin_ns) {
  if (source_) source_->start(begin_ns);
}

EndCounts LocalEnd::counts() {
  EndCounts counts;
  if (source_) {
    counts.sending = source_->is_sending();
    counts.sent_messages = source_->live_messages();
    counts.sent_bytes = source_->live_bytes();
    counts.arrived = source_->responses();
  }
  if (sink_) {
    counts.received_messages = sink_->live_messages();
    counts.received_bytes = sink_->live_bytes();
    counts.arrived += sink_->counted();
  }
  return counts;
}

void LocalEnd::stop() {
  if (source_) source_->stop();
}

LoadEndReport LocalEnd::finish() {
  LoadEndReport report;
  if (source_) {
    DirectionReport direction;
    source_->finish(direction);
    report.sent = direction.sent;
    report.responses = direction.responses;
  }
  if (sink_) report.received = sink_->finish();
  source_.reset();
  sink_.reset();
  return report;
}

}  // namespace tunrelay
