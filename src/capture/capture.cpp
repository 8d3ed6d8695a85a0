// SPDX-License-Identifier: MIT
#include "capture/capture.hpp"

#include <time.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "base/clock.hpp"
#include "capture/capture_blocks.hpp"
#include "os/signal_block.hpp"
#include "os/thread.hpp"
#include "sandbox/thread_user.hpp"

namespace tunrelay {
namespace {

// The thread looks again after this pause. A wake-up for each packet would put a system call on
// the packet's path.
constexpr timespec kCapturePause{.tv_sec = 0, .tv_nsec = 2 * kNanosecondsPerMillisecond};
// A worker that is held up between the arrival of packets and their records brings them late,
// behind those of other queues. Where a queue has no record, the others' wait for it so long.
constexpr std::int64_t kLatecomersNs = 50 * kNanosecondsPerMillisecond;
constexpr std::size_t kWriteBytes = 512 * 1024;
// A reader that has stopped reading is waited for that long when the capture ends.
constexpr std::int64_t kReaderPatienceNs = kNanosecondsPerSecond;
constexpr std::uint32_t kWholePacket = 262'144;

CaptureFiles::Options files_of(const CaptureOptions& options) {
  return {.file = options.file,
          .rotates = options.rotate_bytes != 0 || options.rotate_ns != 0,
          .files = options.files};
}

}  // namespace

Capture::Capture(const CaptureOptions& options, const CaptureSite& site)
    : Capture(options, site,
              std::make_unique<CaptureFiles>(files_of(options), capture_header(options, site))) {}

Capture::Capture(const CaptureOptions& options, const CaptureSite& site, FileDescriptor pipe)
    : Capture(options, site,
              std::make_unique<CaptureFiles>(std::move(pipe), options.file,
                                             capture_header(options, site))) {}

Capture::Capture(const CaptureOptions& options, const CaptureSite& site,
                 std::unique_ptr<CaptureFiles> files)
    : options_(options),
      cutter_(site.link_type),
      wall_offset_ns_(clock_ns(CLOCK_REALTIME) - monotonic_ns()),
      begin_ns_(monotonic_ns()),
      files_(std::move(files)),
      file_begin_ns_(begin_ns_) {
  for (std::size_t queue = 0; queue < site.queues; ++queue)
    sources_.push_back(std::make_unique<CaptureSource>(CaptureSource::Limits{
        .link_type = site.link_type,
        .ring_bytes = options.buffer_bytes,
        .snap_bytes = options.wire_segments ? kWholePacket : options.snap_bytes,
        .filter = options.filter}));
  files_->use([this, since_ns = std::int64_t{0}]() mutable {
    if (!stopping_.load(std::memory_order_acquire)) return false;
    if (since_ns == 0) since_ns = monotonic_ns();
    return monotonic_ns() - since_ns > kReaderPatienceNs;
  });
  publish_report();
  thread_ = start_thread("capture", [this, site] {
    block_signals();
    give_up_rights_of_writer(site);
    run();
  });
}

Capture::~Capture() {
  finish();
}

void Capture::finish() noexcept {
  if (!thread_.joinable()) return;
  stopping_.store(true, std::memory_order_release);
  thread_.join();
}

void Capture::give_up_rights_of_writer(const CaptureSite& site) const {
  if (!files_of(options_).rotates) return give_up_rights(ThreadKind::kCapture, site.rights);
  if (site.rights.user) become_user(*site.rights.user, site.rights.is_confined);
  if (site.rights.is_confined) give_up_capabilities(site.keeps_file_rights);
}

void Capture::run() {
  const auto at_end = [this] { return ending(); };
  // The flag is read before the rings: what came before the stop is still written.
  for (bool last = false; !last;) {
    last = stopping_.load(std::memory_order_acquire);
    take_records(last);
    files_->flush(at_end);
    if (last) files_->end(at_end);
    publish_report();
    if (!last) ::nanosleep(&kCapturePause, nullptr);
  }
}

void Capture::take_records(bool last) {
  if (options_.rotate_ns != 0 && file_packets_ != 0 &&
      monotonic_ns() - file_begin_ns_ >= options_.rotate_ns)
    rotate();
  const std::int64_t settled_ns =
      last ? std::numeric_limits<std::int64_t>::max() : monotonic_ns() - kLatecomersNs;
  while (CaptureSource* source = next_source(settled_ns)) {
    write_record(source->ring().front());
    source->ring().pop();
    if (files_->blocks().size() < kWriteBytes) continue;
    files_->flush([this] { return ending(); });
    publish_report();
  }
}

CaptureSource* Capture::next_source(std::int64_t settled_ns) noexcept {
  CaptureSource* oldest = nullptr;
  std::int64_t oldest_ns = 0;
  bool one_has_none = false;
  for (const auto& source : sources_) {
    const std::span<std::byte> record = source->ring().front();
    if (record.empty()) {
      one_has_none = true;
      continue;
    }
    const std::int64_t time_ns = reinterpret_cast<const CaptureRecord*>(record.data())->time_ns;
    if (oldest != nullptr && time_ns >= oldest_ns) continue;
    oldest = source.get();
    oldest_ns = time_ns;
  }
  // Order gives way before a packet is lost for want of room.
  if (oldest != nullptr && one_has_none && oldest_ns > settled_ns && !oldest->ring().is_half_full())
    return nullptr;
  return oldest;
}

void Capture::write_record(std::span<std::byte> bytes) {
  const CaptureRecord& record = *reinterpret_cast<const CaptureRecord*>(bytes.data());
  const std::span<std::byte> frame = bytes.subspan(sizeof record, record.kept_bytes);
  if (!options_.wire_segments) return write_packet(captured_packet(record, frame, wall_offset_ns_));
  cutter_.cut(frame, record.header, [&](std::span<const std::byte> segment, std::uint16_t number) {
    PcapngPacket packet = captured_segment(record, segment, number, wall_offset_ns_);
    packet.bytes = segment.first(std::min<std::size_t>(segment.size(), options_.snap_bytes));
    write_packet(packet);
  });
}

void Capture::write_packet(const PcapngPacket& packet) {
  if (files_->failed()) return;
  const std::size_t bytes = packet.bytes.size() + packet.comment.size() + kPcapngPacketOverhead +
                            delivered_.size() * kPcapngStatisticsBytes;
  if (options_.rotate_bytes != 0 && file_packets_ != 0 &&
      files_->file_bytes() + bytes > options_.rotate_bytes)
    rotate();
  append_block(files_->blocks(), packet);
  ++file_packets_;
  ++delivered_.at(packet.interface);
}

void Capture::rotate() {
  files_->rotate([this] { return ending(); });
  file_begin_ns_ = monotonic_ns();
  file_packets_ = 0;
}

PcapngBytes Capture::ending() const {
  PcapngBytes blocks;
  for (std::uint32_t device = 0; device < delivered_.size(); ++device) {
    PcapngStatistics statistics{
        .interface = device,
        .time_ns = monotonic_ns() + wall_offset_ns_,
        .begin_ns = begin_ns_ + wall_offset_ns_,
        .delivered = delivered_.at(device) - files_->packets_unwritten().at(device)};
    for (const auto& source : sources_) {
      const CaptureCounters& counters = source->counters(device);
      statistics.received += counters.seen.get();
      statistics.accepted += counters.accepted.get();
      statistics.dropped += counters.lost.get();
    }
    append_block(blocks, statistics);
  }
  return blocks;
}

void Capture::publish_report() {
  const auto [unwritten_of_a, unwritten_of_b] = files_->packets_unwritten();
  const std::uint64_t unwritten = unwritten_of_a + unwritten_of_b;
  CaptureReport report{.file = files_->name(),
                       .files = files_->opened(),
                       .bytes = files_->written_bytes(),
                       .packets = delivered_[0] + delivered_[1] - unwritten,
                       .lost = unwritten,
                       .failure = files_->failure()};
  {
    const std::lock_guard lock(report_mutex_);
    report_ = std::move(report);
  }
  failed_.store(files_->failed(), std::memory_order_release);
}

CaptureReport Capture::report() const {
  CaptureReport report;
  {
    const std::lock_guard lock(report_mutex_);
    report = report_;
  }
  for (const auto& source : sources_)
    for (std::size_t device = 0; device < delivered_.size(); ++device) {
      const CaptureCounters& counters = source->counters(device);
      report.lost += counters.lost.get();
      report.filtered += counters.seen.get() - counters.accepted.get();
    }
  return report;
}

}  // namespace tunrelay
