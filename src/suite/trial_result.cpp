// SPDX-License-Identifier: MIT
#include "suite/trial_result.hpp"

#include <algorithm>

namespace tunrelay {
namespace {

class Adder {
 public:
  Adder(Result& result, const TrialPlace& place, const TrialReport& trial)
      : result_(result), place_(place), trial_(trial) {}

  void add_direction(std::size_t direction) {
    prefix_ = (place_.load.empty() ? "" : place_.load + "/") + direction_prefix(direction);
    const DirectionReport& report = trial_.directions.at(direction);
    // With responses, what came back is what counts.
    const bool responses = trial_.spec.has_responses();
    const ReceiveReport& received = responses ? report.responses : report.received;
    add("throughput", "bits_per_s", Better::kHigher, throughput_bits_per_s(received));
    add("messages", "messages_per_s", Better::kHigher, messages_per_s(received));
    if (trial_.spec.protocol == LoadProtocol::kUdp) {
      const auto sent = static_cast<double>(std::max<std::uint64_t>(report.sent.messages, 1));
      const auto lost =
          report.sent.messages - std::min(received.sequence.received, report.sent.messages);
      add("loss", "ratio", Better::kLower, static_cast<double>(lost) / sent);
      add("duplicates", "messages", Better::kNeither,
          static_cast<double>(received.sequence.duplicates));
      add("reordered", "messages", Better::kNeither,
          static_cast<double>(received.sequence.reordered));
      add("jitter", "ns", Better::kLower, received.jitter_ns);
    }
    add("corrupt", "messages", Better::kNeither, static_cast<double>(received.corrupt));
    add_latency("one_way", report.received.delay);
    if (responses) {
      add_latency("round_trip", report.responses.delay);
      add_latency("one_way_back", report.responses.delay_back);
    }
    if (trial_.spec.is_paced()) add_latency("slip", report.sent.slip);
  }

 private:
  void add(const std::string& name, const std::string& unit, Better better, double value) {
    result_.metric(prefix_ + name, unit, better)
        .samples.push_back({.path = place_.path,
                            .round = place_.round,
                            .value = value,
                            .at_s = place_.at_s,
                            .invalid_reason = trial_.invalid_reason});
  }

  void add_latency(const std::string& name, const Histogram& histogram) {
    if (histogram.count() == 0) return;
    const Better better = name == "slip" ? Better::kNeither : Better::kLower;
    add(name + "_p50", "ns", better, static_cast<double>(histogram.value_at_percentile(50)));
    add(name + "_p99", "ns", better, static_cast<double>(histogram.value_at_percentile(99)));
    if (!trial_.invalid_reason.empty() && !place_.invalid_latencies) return;
    const std::string full_name = prefix_ + name;
    const auto found = std::find_if(
        result_.distributions.begin(), result_.distributions.end(),
        [&](const Distribution& one) { return one.name == full_name && one.path == place_.path; });
    const double seconds = static_cast<double>(trial_.spec.duration_ns) / 1e9;
    if (found != result_.distributions.end()) {
      found->histogram += histogram;
      found->interval_s = place_.at_s + seconds - found->start_s;
      return;
    }
    result_.distributions.push_back({.name = full_name,
                                     .path = place_.path,
                                     .start_s = place_.at_s,
                                     .interval_s = seconds,
                                     .histogram = histogram});
  }

  Result& result_;
  const TrialPlace& place_;
  const TrialReport& trial_;
  std::string prefix_;
};

}  // namespace

void add_trial(Result& result, const TrialPlace& place, const TrialReport& trial) {
  Adder adder(result, place, trial);
  for (std::size_t direction = 0; direction < trial.directions.size(); ++direction)
    if (trial.has(direction)) adder.add_direction(direction);
}

}  // namespace tunrelay
