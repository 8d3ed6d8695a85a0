// SPDX-License-Identifier: MIT
#include "gen/load_end.hpp"

#include <algorithm>

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
  std::uint64_t longest_delay_ns = 0;
  const auto add_arrivals = [&](const LiveTotals& totals) {
    counts.arrived += totals.counted;
    counts.arrivals += totals.messages;
    longest_delay_ns = std::max(longest_delay_ns, totals.longest_delay_ns);
  };
  if (source_) {
    counts.sending = source_->is_sending();  // first: what was sent is final if it is over
    const LiveTotals sent = source_->live();
    counts.sent_messages = sent.messages;
    counts.sent_bytes = sent.bytes;
    counts.expected = sent.counted * (source_->has_responses() ? 2 : 1);
    add_arrivals(source_->live_responses());
  }
  if (sink_) {
    const LiveTotals received = sink_->live();
    counts.received_messages = received.messages;
    counts.received_bytes = received.bytes;
    add_arrivals(received);
  }
  counts.longest_delay_ns = static_cast<std::int64_t>(longest_delay_ns);
  return counts;
}

LoadEndReport LocalEnd::report() {
  LoadEndReport report;
  if (source_) {
    report.sent = source_->sent();
    report.responses = source_->responses();
  }
  if (sink_) report.received = sink_->received();
  return report;
}

void LocalEnd::stop() {
  if (source_) source_->stop();
}

LoadEndReport LocalEnd::finish() {
  if (source_) source_->finish();
  if (sink_) sink_->finish();
  LoadEndReport report = this->report();
  source_.reset();
  sink_.reset();
  return report;
}

}  // namespace tunrelay
