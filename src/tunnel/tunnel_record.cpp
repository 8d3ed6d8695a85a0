// SPDX-License-Identifier: MIT
#include "tunnel/tunnel_record.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <utility>

#include "base/error.hpp"
#include "base/units.hpp"
#include "os/thread_cpu.hpp"

namespace tunrelay {

RelayReading read_relay(const RelayAccounts& accounts) {
  TunnelReport report;
  accounts.fill_in(report);
  RelayReading reading{.lanes = report.lanes, .worker_cpu_ns = {}};
  for (const WorkerReport& worker : report.workers)
    reading.worker_cpu_ns.push_back(thread_cpu_ns(worker.thread_id).value_or(0));
  return reading;
}

void TunnelRecord::open(const RecordOptions& options, FileDescriptor file) {
  if (recorder_)
    throw_system_error(EBUSY, "record to", options.file,
                       "a record to " + recorder_->report().file + " runs; end it first");
  recorder_ = file.is_open() ? std::make_unique<Recorder>(options, std::move(file))
                             : std::make_unique<Recorder>(options);
}

void TunnelRecord::begin(const Recorder::Beginning& beginning, const EmulatedLink& link,
                         const RelayAccounts& accounts) {
  if (!recorder_) return;
  recorder_->begin(beginning, link, [&accounts] { return read_relay(accounts); });
}

void TunnelRecord::change_link(const EmulatedLink& link) {
  if (recorder_) recorder_->change_link(link);
}

void TunnelRecord::note(const std::vector<TunnelEvent>& events) {
  for (const TunnelEvent& event : events) note(to_string(event.kind), event.text);
}

void TunnelRecord::mark(std::string_view text) {
  if (!recorder_)
    throw_usage_error("mark", "the record", "none runs",
                      "begin one with --record or `tunrelay record`");
  recorder_->note("mark", text);
}

void TunnelRecord::note(std::string_view kind, std::string_view text) {
  if (recorder_) recorder_->note(kind, text);
}

std::optional<RecordReport> TunnelRecord::end() noexcept {
  if (!recorder_) return {};
  recorder_->end();
  ended_ = recorder_->report();
  recorder_.reset();
  return ended_;
}

std::optional<RecordReport> TunnelRecord::report() const {
  if (recorder_) return recorder_->report();
  return ended_;
}

TunnelEvent failure_event(const RecordReport& ended) {
  return {TunnelEvent::Kind::kNote,
          fmt::format("The record has ended, {} could not be written: {}. {} intervals are in it; "
                      "the link goes on.",
                      ended.file, ended.failure, format_count(ended.intervals))};
}

}  // namespace tunrelay
