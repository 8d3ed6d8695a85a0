// SPDX-License-Identifier: MIT
#include "stage/trace_log.hpp"

#include <fmt/format.h>
#include <time.h>

#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "os/print.hpp"
#include "os/signal_block.hpp"
#include "os/thread.hpp"
#include "packet/describe.hpp"

namespace tunrelay {
namespace {

// About a second of a busy link's packets for a printer that is held up.
constexpr std::size_t kQueueRecords = 16384;
constexpr std::size_t kRecordsAtOnce = 256;
// The printer looks again after this pause. A wake-up for each packet would put a system
// call on the packet's path.
constexpr timespec kPause{.tv_sec = 0, .tv_nsec = 2 * kNanosecondsPerMillisecond};

std::string line_of(const TraceRecord& record, const TraceLog::Names& names) {
  std::string line = fmt::format("read {} from {} queue {}", record.frame_bytes,
                                 names.devices.at(record.device), record.queue);
  line += "  " + describe({.bytes = std::span(record.snap).first(record.snapped_bytes),
                           .frame_bytes = record.frame_bytes,
                           .link_type = names.link_type,
                           .header = record.header,
                           .run = record.run});
  line += '\n';
  return line;
}

}  // namespace

TraceLog::TraceLog(Names names, std::FILE* out, const ThreadRights& rights)
    : names_(std::move(names)), out_(out), queue_(kQueueRecords) {
  printer_ = start_thread("trace", [this, rights] {
    block_signals();
    give_up_rights(ThreadKind::kTracePrinter, rights);
    print_until_stopped();
  });
}

TraceLog::~TraceLog() {
  finish();
}

void TraceLog::finish() noexcept {
  if (!printer_.joinable()) return;
  stopping_.store(true, std::memory_order_release);
  printer_.join();
}

bool TraceLog::record(const TraceRecord& record) noexcept {
  if (!begun_.load(std::memory_order_relaxed) || queue_.try_enqueue(record)) return true;
  lost_.fetch_add(1, std::memory_order_relaxed);
  return false;
}

void TraceLog::print_until_stopped() {
  OutputQueue output(out_);
  while (!stopping_.load(std::memory_order_acquire)) {
    output.go_on();
    while (output.is_empty() && print_some(output) != 0) {
    }
    ::nanosleep(&kPause, nullptr);
  }
  // What was recorded before the stop.
  while (output.finish(kLastWordsPatienceNs) && print_some(output) != 0) {
  }
  lost_.fetch_add(output.take_lost_lines(), std::memory_order_relaxed);
  lose_rest();
}

std::size_t TraceLog::print_some(OutputQueue& output) {
  std::vector<TraceRecord> records(kRecordsAtOnce);
  const std::size_t count = queue_.try_dequeue_bulk(records.begin(), records.size());
  std::string lines;
  for (std::size_t at = 0; at < count; ++at) lines += line_of(records[at], names_);
  output.print(lines);
  return count;
}

void TraceLog::lose_rest() noexcept {
  for (TraceRecord record; queue_.try_dequeue(record);)
    lost_.fetch_add(1, std::memory_order_relaxed);
}

}  // namespace tunrelay
