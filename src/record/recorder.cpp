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
#include "sandbox/thread_sandbox.hpp"

namespace tunrelay {
namespace {

constexpr const char* kRecordAttempt = "write the record";
// How long a pipe's reader may take.
constexpr std::int64_t kPatienceNs = kNanosecondsPerSecond;

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
  reader_.emplace(IntervalReader::Beginning{.ready_ns = beginning.ready_ns,
                                            .is_at_ready = beginning.is_at_ready,
                                            .peaks = Peaks::kTaken,
                                            .read_flows = beginning.read_flows},
                  link, std::move(read));
  first_due_ns_ = ready_ns_ + reader_->link().at_ns + options_.interval_ns;
  RecordHeader header = beginning.header;
  header.interval_ns = options_.interval_ns;
  header.title = options_.title;
  write(record_line(header));
  write(record_line(reader_->link()));
  const SignalBlock blocked;  // signals are for the main thread
  thread_ = std::thread([this, is_confined = beginning.is_confined] {
    ::pthread_setname_np(::pthread_self(), "recorder");
    if (is_confined) static_cast<void>(enter_sandbox(ThreadKind::kRecorder));
    run();
  });
}

void Recorder::run() {
  std::unique_lock lock(mutex_);
  std::int64_t due_ns = first_due_ns_;
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

void Recorder::change_link(const EmulatedLink& link) {
  const std::lock_guard lock(mutex_);
  if (!reader_) return;
  const std::int64_t now_ns = monotonic_ns();
  write_interval(now_ns);
  reader_->follow(link, now_ns - ready_ns_);
  write(record_line(reader_->link()));
}

void Recorder::note(std::string_view kind, std::string_view text) {
  const std::lock_guard lock(mutex_);
  if (!reader_) return;
  write(record_line(RecordEvent{
      .at_ns = monotonic_ns() - ready_ns_, .kind = std::string(kind), .text = std::string(text)}));
}

void Recorder::write_interval(std::int64_t now_ns, bool is_last) {
  write(record_line(reader_->next(now_ns, is_last)));
  ++report_.intervals;
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
    if (!reader_) return;
    ends_ = true;
  }
  woken_.notify_all();
  if (thread_.joinable()) thread_.join();
  const std::lock_guard lock(mutex_);
  const std::int64_t now_ns = monotonic_ns();
  write_interval(now_ns, true);
  write(record_line(RecordEnd{.at_ns = now_ns - ready_ns_, .intervals = report_.intervals}));
  reader_.reset();
  file_.reset();
}

RecordReport Recorder::report() const {
  const std::lock_guard lock(mutex_);
  return report_;
}

}  // namespace tunrelay
