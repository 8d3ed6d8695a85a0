// SPDX-License-Identifier: MIT
#include "capture/mahimahi_log.hpp"

#include <fmt/format.h>
#include <time.h>

#include <algorithm>
#include <cstring>
#include <iterator>
#include <limits>
#include <utility>

#include "base/clean_text.hpp"
#include "base/clock.hpp"
#include "base/error.hpp"
#include "os/output_file.hpp"
#include "os/signal_block.hpp"
#include "os/thread.hpp"
#include "os/whole_file.hpp"

namespace tunrelay {
namespace {

constexpr std::array<const char*, kDirections> kEndings{".uplink", ".downlink"};
constexpr std::array<const char*, kDirections> kLinkNames{"Uplink", "Downlink"};
constexpr const char* kLogAttempt = "write the log";
// 100 ms of two million events a second.
constexpr std::size_t kRingBytes = std::size_t{8} << 20U;
constexpr std::size_t kLogWriteBytes = 256 * 1024;
constexpr timespec kLogPause{.tv_sec = 0, .tv_nsec = 5 * kNanosecondsPerMillisecond};
constexpr std::uint64_t kBitsPerByte = 8;

}  // namespace

/// A run of wire segments, all as long as the first but the last.
struct MahimahiLog::LogEvent {
  std::int64_t time_ns = 0;
  std::int64_t taken_ns = 0;
  std::uint32_t segment_bytes = 0;
  std::uint32_t last_bytes = 0;
  std::uint16_t segments = 0;
  char kind = '+';

  static LogEvent of(const Packet& packet, char kind, std::int64_t now_ns) noexcept {
    return {.time_ns = now_ns,
            .taken_ns = packet.handed_ns,
            .segment_bytes = wire_segment_bytes(packet, packet.run.first),
            .last_bytes = wire_segment_bytes(packet, packet.run.last - 1U),
            .segments = packet.run.count(),
            .kind = kind};
  }
};

class MahimahiLog::Source final : public StageTap {
 public:
  Source() : ring_(kRingBytes) {}

  // Its own time, which a packet's delay counts from, not that of the turn.
  void taken(const Packet& packet, std::int64_t /*now_ns*/) noexcept override {
    note(LogEvent::of(packet, '+', packet.handed_ns));
  }
  void passed(const Packet& packet, std::int64_t now_ns) noexcept override {
    note(LogEvent::of(packet, '-', now_ns));
  }
  void dropped(const Packet& packet, std::int64_t now_ns) noexcept override {
    note(LogEvent::of(packet, 'd', now_ns));
  }

  /// False: there is none.
  [[nodiscard]] bool front(LogEvent& event) noexcept {
    const std::span<std::byte> bytes = ring_.front();
    if (!bytes.empty()) std::memcpy(&event, bytes.data(), sizeof event);
    return !bytes.empty();
  }
  void pop() noexcept { ring_.pop(); }
  [[nodiscard]] std::uint64_t lost() const noexcept { return lost_.get(); }

 private:
  void note(const LogEvent& event) noexcept {
    if (event.segments == 0) return;
    std::byte* place = ring_.reserve(sizeof event);
    if (place == nullptr) return lost_.add(event.segments);
    std::memcpy(place, &event, sizeof event);
    ring_.publish();
  }

  CaptureRing ring_;
  Counter lost_;
};

MahimahiLog::MahimahiLog(const std::string& prefix, std::string application, ThreadRights rights)
    : application_(std::move(application)), rights_(std::move(rights)) {
  for (std::size_t direction = 0; direction < kDirections; ++direction) {
    File& file = files_.at(direction);
    file.path = prefix + kEndings.at(direction);
    file.file = open_output(file.path, kLogAttempt, kUsersChoice);
    report_.files.at(direction) = file.path;
  }
}

MahimahiLog::~MahimahiLog() {
  finish();
}

std::shared_ptr<StageTap> MahimahiLog::make_tap(std::size_t direction) {
  auto source = std::make_shared<Source>();
  const std::lock_guard lock(sources_mutex_);
  sources_.at(direction).push_back(source);
  return source;
}

void MahimahiLog::begin(Links links, std::int64_t zero_ns) {
  zero_ns_ = zero_ns;
  for (std::size_t direction = 0; direction < kDirections; ++direction) {
    File& file = files_.at(direction);
    file.offered_until_ns = zero_ns;
    file.pace = std::move(links.at(direction).pace);
    write_head(file, direction, links.at(direction).text);
  }
  thread_ = start_thread("mahimahi-log", [this] {
    block_signals();
    give_up_rights(ThreadKind::kCapture, rights_);
    run();
  });
}

void MahimahiLog::write_head(File& file, std::size_t direction, const std::string& link) const {
  // As mm-link's own, whose readers look for the base timestamp.
  const std::int64_t zero_unix_ms =
      (clock_ns(CLOCK_REALTIME) - (monotonic_ns() - zero_ns_)) / kNanosecondsPerMillisecond;
  file.unwritten = fmt::format(
      "# mahimahi mm-link ({}) [{}] > {}\n# command line: {}\n# queue: {}\n"
      "# init timestamp: {}\n# base timestamp: 0\n",
      kLinkNames.at(direction), link.empty() ? "no link of limited speed" : link,
      clean_line(file.path), application_, link.empty() ? "none" : link, zero_unix_ms);
}

void MahimahiLog::change_links(Links links) {
  const std::lock_guard lock(mutex_);
  const std::int64_t now_ns = monotonic_ns();
  for (std::size_t direction = 0; direction < kDirections; ++direction) {
    File& file = files_.at(direction);
    write_opportunities(file, now_ns);
    file.pace = std::move(links.at(direction).pace);
    file.unwritten += fmt::format("# link: {}\n", links.at(direction).text);
  }
}

void MahimahiLog::run() {
  // The flag is read before the rings: what came before the stop is still written.
  for (bool last = false; !last;) {
    last = stopping_.load(std::memory_order_acquire);
    for (std::size_t direction = 0; direction < kDirections; ++direction) write_events(direction);
    if (!last) ::nanosleep(&kLogPause, nullptr);
  }
}

std::int64_t MahimahiLog::milliseconds(std::int64_t time_ns) const noexcept {
  return std::max<std::int64_t>(time_ns - zero_ns_, 0) / kNanosecondsPerMillisecond;
}

void MahimahiLog::write_events(std::size_t direction) {
  File& file = files_.at(direction);
  for (bool are_there_more = true; are_there_more;) {
    std::string text;
    {
      const std::lock_guard lock(mutex_);
      are_there_more = take_events(direction);
      text = std::exchange(file.unwritten, {});
    }
    // A disk that stands still, or a pipe's reader, holds up nobody else.
    write(file, text);
  }
}

/// Some of them, as text; whether there are more.
bool MahimahiLog::take_events(std::size_t direction) {
  File& file = files_.at(direction);
  std::vector<std::shared_ptr<Source>> sources;
  {
    const std::lock_guard lock(sources_mutex_);
    sources = sources_.at(direction);
  }
  LogEvent event;
  for (;;) {
    // The sources of a former link and of its follower are merged by time.
    Source* oldest = nullptr;
    std::int64_t oldest_ns = std::numeric_limits<std::int64_t>::max();
    for (const auto& source : sources)
      if (source->front(event) && event.time_ns < oldest_ns) {
        oldest = source.get();
        oldest_ns = event.time_ns;
      }
    if (oldest == nullptr) break;
    static_cast<void>(oldest->front(event));
    oldest->pop();
    write_event(file, event);
    if (file.unwritten.size() >= kLogWriteBytes) return true;
  }
  write_opportunities(file, monotonic_ns());
  sources.clear();
  const std::lock_guard lock(sources_mutex_);
  std::erase_if(sources_.at(direction), [this, &event](const std::shared_ptr<Source>& source) {
    if (source.use_count() != 1 || source->front(event)) return false;  // its stage lives
    lost_before_ += source->lost();
    return true;
  });
  return false;
}

void MahimahiLog::write_event(File& file, const LogEvent& event) {
  write_opportunities(file, event.time_ns);
  const std::int64_t time_ms = milliseconds(event.time_ns);
  const auto out = std::back_inserter(file.unwritten);
  for (std::uint16_t segment = 1; segment <= event.segments; ++segment) {
    const std::uint32_t bytes = segment == event.segments ? event.last_bytes : event.segment_bytes;
    if (event.kind == '+')
      fmt::format_to(out, "{} + {}\n", time_ms, bytes);
    else if (event.kind == 'd')
      fmt::format_to(out, "{} d 1 {}\n", time_ms, bytes);
    else
      fmt::format_to(out, "{} - {} {}\n", time_ms, bytes, time_ms - milliseconds(event.taken_ns));
  }
  report_.lines += event.segments;
}

/// Millisecond by millisecond, those that are over.
void MahimahiLog::write_opportunities(File& file, std::int64_t until_ns) {
  for (;;) {
    const std::int64_t next_ns = file.offered_until_ns + kNanosecondsPerMillisecond;
    if (next_ns > until_ns) return;
    if (file.pace) {
      std::uint64_t bits =
          file.offered_bits_left + file.pace->offered_bits(file.offered_until_ns, next_ns);
      file.offered_bits_left = bits % kBitsPerByte;
      std::uint64_t bytes = bits / kBitsPerByte;
      const std::int64_t time_ms = milliseconds(file.offered_until_ns);
      // A trace has opportunities of one size; a rate has what it carries in the millisecond.
      const std::uint64_t size = bytes % OpportunityPace::kOpportunityBytes == 0
                                     ? OpportunityPace::kOpportunityBytes
                                     : bytes;
      for (; bytes != 0; bytes -= size, ++report_.lines)
        fmt::format_to(std::back_inserter(file.unwritten), "{} # {}\n", time_ms, size);
    }
    file.offered_until_ns = next_ns;
  }
}

void MahimahiLog::write(const File& file, const std::string& text) {
  if (text.empty() || has_failed()) return;
  const int error = append_all(file.file.get(), text);
  if (error == 0) return;
  const std::lock_guard lock(mutex_);
  report_.failure = describe_errno(error);
}

void MahimahiLog::finish() noexcept {
  if (!thread_.joinable()) return;
  stopping_.store(true, std::memory_order_release);
  thread_.join();
  const MahimahiLogReport ended = report();
  for (File& file : files_) {
    if (ended.lost != 0) file.unwritten += fmt::format("# lost: {}\n", ended.lost);
    write(file, file.unwritten);
    file.file.reset();
  }
}

MahimahiLogReport MahimahiLog::report() const {
  const std::lock_guard lock(mutex_);
  MahimahiLogReport report = report_;
  const std::lock_guard sources_lock(sources_mutex_);
  report.lost = lost_before_;
  for (const auto& sources : sources_)
    for (const auto& source : sources) report.lost += source->lost();
  return report;
}

bool MahimahiLog::has_failed() const {
  const std::lock_guard lock(mutex_);
  return !report_.failure.empty();
}

}  // namespace tunrelay
