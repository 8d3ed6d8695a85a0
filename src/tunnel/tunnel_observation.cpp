// SPDX-License-Identifier: MIT
// What others see of a Tunnel while it runs: its report, its intervals, its flows.
#include <utility>

#include "base/clock.hpp"
#include "tunnel/tunnel.hpp"

namespace tunrelay {
namespace {

constexpr std::size_t kFlowsInReport = 100;

}  // namespace

std::unique_ptr<IntervalReader> Tunnel::read_intervals() const {
  return std::make_unique<IntervalReader>(
      IntervalReader::Beginning{.ready_ns = ready_ns_, .is_at_ready = false, .peaks = Peaks::kLeft},
      stages_.emulated_link(), [this] { return read_relay(*relay_accounts_); });
}

std::optional<FlowSnapshot> Tunnel::flows(std::size_t top) const {
  if (!flows_) return std::nullopt;
  return flows_->snapshot(top);
}

TunnelReport Tunnel::report() {
  if (!relay_) return report_;
  TunnelReport report = report_;
  relay_->refresh();
  report.duration_ns = ready_ns_ == 0 ? 0 : monotonic_ns() - ready_ns_;
  if (relay_accounts_) relay_accounts_->fill_in(report);
  if (kernel_accounts_) kernel_accounts_->fill_in(report);
  offloads_->fill_in(report, *relay_);
  if (!options_.cpus.empty()) note_unpinned(report);
  if (path_) report.path = path_->report();
  stages_.fill_in(report);
  report.scenario = scenario_.report();
  report.capture = capture_.report();
  report.record = record_.report();
  if (flows_) report.flows = flows_->snapshot(kFlowsInReport);
  return report;
}

}  // namespace tunrelay
