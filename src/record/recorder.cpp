// SPDX-License-Identifier: MIT
#include "record/recorder.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <pthread.h>
#include <sys/stat.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/error.hpp"
#include "base/units.hpp"
#include "os/output_file.hpp"
#include "os/signal_block.hpp"
#include "os/whole_file.hpp"
#include "record/record_text.hpp"

namespace tunrelay {
namespace {

constexpr const char* kRecordAttempt = "write the record";
// How long a pipe's reader may take.
constexpr std::int64_t kPatienceNs = kNanosecondsPerSecond;

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

FileDescriptor opened(const RecordOptions& options) {
  if (!options.into) return open_output(options.file, kRecordAttempt, kUsersChoice);
  constexpr int kFirst = 3;
  return FileDescriptor(check_system_call(::fcntl(options.into->get(), F_DUPFD_CLOEXEC, kFirst),
                                          kRecordAttempt, options.file));
}

}  // namespace

void check_record_options(const RecordOptions& options) {
  if (options.interval_ns < RecordOptions::kMinIntervalNs ||
      options.interval_ns > RecordOptions::kMaxIntervalNs)
    throw_usage_error(
        "record every", format_duration(static_cast<double>(options.interval_ns)),
        fmt::format("it is not within {} and {}",
                    format_duration(static_cast<double>(RecordOptions::kMinIntervalNs)),
                    format_duration(static_cast<double>(RecordOptions::kMaxIntervalNs))));
}

Recorder::Recorder(const RecordOptions& options) : options_(options), file_(opened(options)) {
  look_at_file();
}

Recorder::Recorder(RecordOptions options, FileDescriptor file)
    : options_(std::move(options)), file_(std::move(file)) {
  look_at_file();
  // A pipe that somebody else has opened would make us wait for its reader.
  if (!is_regular_)
    throw_usage_error("write a record to", options_.file, "it is not a regular file",
                      "name a file");
}

void Recorder::look_at_file() {
  check_record_options(options_);
  struct stat status {};
  check_system_call(::fstat(file_.get(), &status), kRecordAttempt, options_.file);
  is_regular_ = S_ISREG(status.st_mode);
  report_.file = options_.file;
}

Recorder::~Recorder() {
  end();
}

void Recorder::begin(const Beginning& beginning, const EmulatedLink& link, Read read) {
  ready_ns_ = beginning.ready_ns;
  read_ = std::move(read);
  begin_ns_ = beginning.is_at_ready ? ready_ns_ : monotonic_ns();
  RecordHeader header = beginning.header;
  header.interval_ns = options_.interval_ns;
  header.title = options_.title;
  write(record_line(header));
  follow(link, begin_ns_);
  if (!beginning.is_at_ready) {
    seen_ = read_();
    static_cast<void>(series_->next(begin_ns_));
  } else {
    seen_.worker_cpu_ns = read_().worker_cpu_ns;
  }
  const SignalBlock blocked;  // signals are for the main thread
  thread_ = std::thread([this] { run(); });
}

void Recorder::run() {
  ::pthread_setname_np(::pthread_self(), "recorder");
  std::unique_lock lock(mutex_);
  std::int64_t due_ns = begin_ns_ + options_.interval_ns;
  while (!ends_ && report_.failure.empty()) {
    const std::chrono::steady_clock::time_point due{std::chrono::nanoseconds(due_ns)};
    if (woken_.wait_until(lock, due, [this] { return ends_; })) break;
    const std::int64_t now_ns = monotonic_ns();
    write_interval(now_ns);
    // Where we came too late for some, the interval is longer.
    due_ns += std::max<std::int64_t>(1, (now_ns - due_ns) / options_.interval_ns + 1) *
              options_.interval_ns;
  }
}

void Recorder::follow(const EmulatedLink& link, std::int64_t now_ns) {
  if (series_)
    series_->follow(link, now_ns);
  else
    series_ = std::make_unique<LinkSeries>(link, now_ns);
  write(record_line(RecordLink{.at_ns = now_ns - ready_ns_,
                               .seed = link.description().seed.value_or(0),
                               .stages = series_->texts()}));
}

void Recorder::change_link(const EmulatedLink& link) {
  const std::lock_guard lock(mutex_);
  if (!series_) return;
  const std::int64_t now_ns = monotonic_ns();
  write_interval(now_ns);
  follow(link, now_ns);
}

void Recorder::note(std::string_view kind, std::string_view text) {
  const std::lock_guard lock(mutex_);
  if (!series_) return;
  write(record_line(RecordEvent{
      .at_ns = monotonic_ns() - ready_ns_, .kind = std::string(kind), .text = std::string(text)}));
}

void Recorder::write_interval(std::int64_t now_ns) {
  const RelayReading reading = read_();
  RecordInterval interval{.from_ns = begin_ns_ - ready_ns_,
                          .to_ns = now_ns - ready_ns_,
                          .directions = {},
                          .worker_cpu_ns = {}};
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
  write(record_line(interval));
  ++report_.intervals;
  seen_ = reading;
  begin_ns_ = now_ns;
}

void Recorder::write(const std::string& text) {
  if (!report_.failure.empty()) return;
  const int error =
      is_regular_ ? append_all(file_.get(), text) : write_all(file_.get(), text, kPatienceNs);
  if (error != 0)
    report_.failure = describe_errno(error);
  else
    report_.bytes += text.size();
}

void Recorder::end() noexcept {
  {
    const std::lock_guard lock(mutex_);
    if (!series_) return;
    ends_ = true;
  }
  woken_.notify_all();
  if (thread_.joinable()) thread_.join();
  const std::lock_guard lock(mutex_);
  const std::int64_t now_ns = monotonic_ns();
  write_interval(now_ns);
  write(record_line(RecordEnd{.at_ns = now_ns - ready_ns_, .intervals = report_.intervals}));
  series_.reset();
  file_.reset();
}

RecordReport Recorder::report() const {
  const std::lock_guard lock(mutex_);
  return report_;
}

}  // namespace tunrelay
