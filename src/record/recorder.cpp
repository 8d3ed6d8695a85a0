// SPDX-License-Identifier: MIT
#include "record/recorder.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/error.hpp"
#include "base/units.hpp"
#include "os/output_file.hpp"
#include "os/signal_block.hpp"
#include "os/thread.hpp"
#include "os/whole_file.hpp"
#include "record/record_text.hpp"

namespace tunrelay {
namespace {

constexpr const char* kRecordAttempt = "write the record";
constexpr std::size_t kMaxUnwrittenBytes = std::size_t{64} << 20U;

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
  begin_report();
}

Recorder::Recorder(RecordOptions options, FileDescriptor file)
    : options_(std::move(options)), file_(std::move(file)) {
  begin_report();
  // A pipe that somebody else has opened would make us wait for its reader.
  struct stat status {};
  check_system_call(::fstat(file_.get(), &status), kRecordAttempt, options_.file);
  if (!S_ISREG(status.st_mode))
    throw_usage_error("write a record to", options_.file, "it is not a regular file",
                      "name a file");
}

void Recorder::begin_report() {
  check_record_options(options_);
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
  add(record_line(header));
  add(record_line(reader_->link()));
  const SignalBlock blocked;  // signals are for the main thread
  thread_ = start_thread("recorder", [this, rights = beginning.rights] {
    give_up_rights(ThreadKind::kRecorder, rights);
    run();
  });
}

void Recorder::run() {
  std::unique_lock lock(mutex_);
  std::int64_t due_ns = first_due_ns_;
  while (!ends_ && report_.failure.empty()) {
    const std::chrono::steady_clock::time_point due{std::chrono::nanoseconds(due_ns)};
    if (woken_.wait_until(lock, due, [this] { return ends_ || !unwritten_.empty(); })) {
      write_all_lines(lock);
      continue;
    }
    const std::int64_t now_ns = monotonic_ns();
    add_interval(now_ns);
    // Where we came too late for some, the interval is longer.
    due_ns += std::max<std::int64_t>(1, (now_ns - due_ns) / options_.interval_ns + 1) *
              options_.interval_ns;
  }
}

void Recorder::change_link(const EmulatedLink& link) {
  const std::lock_guard lock(mutex_);
  if (!reader_) return;
  const std::int64_t now_ns = monotonic_ns();
  add_interval(now_ns);
  reader_->follow(link, now_ns - ready_ns_);
  add(record_line(reader_->link()));
  woken_.notify_all();
}

void Recorder::note(std::string_view kind, std::string_view text) {
  const std::lock_guard lock(mutex_);
  if (!reader_) return;
  add(record_line(RecordEvent{
      .at_ns = monotonic_ns() - ready_ns_, .kind = std::string(kind), .text = std::string(text)}));
  woken_.notify_all();
}

void Recorder::add_interval(std::int64_t now_ns, bool is_last) {
  if (!report_.failure.empty()) return;
  add(record_line(reader_->next(now_ns, is_last)));
  ++report_.intervals;
}

void Recorder::add(const std::string& line) {
  if (!report_.failure.empty()) return;
  // Only one who changes the link very often, on a disk that stands still, comes to that.
  if (unwritten_.size() + line.size() > kMaxUnwrittenBytes)
    report_.failure = "it is written too slowly";
  else
    unwritten_ += line;
}

void Recorder::write_all_lines(std::unique_lock<std::mutex>& lock) {
  while (!unwritten_.empty() && report_.failure.empty()) {
    const std::string text = std::exchange(unwritten_, {});
    lock.unlock();
    const int error = append_all(file_.get(), text);
    lock.lock();
    if (error != 0)
      report_.failure = describe_errno(error);
    else
      report_.bytes += text.size();
  }
}

void Recorder::end() noexcept {
  {
    const std::lock_guard lock(mutex_);
    if (!reader_) return;
    ends_ = true;
  }
  woken_.notify_all();
  if (thread_.joinable()) thread_.join();
  std::unique_lock lock(mutex_);
  const std::int64_t now_ns = monotonic_ns();
  add_interval(now_ns, true);
  add(record_line(RecordEnd{.at_ns = now_ns - ready_ns_, .intervals = report_.intervals}));
  write_all_lines(lock);
  reader_.reset();
  file_.reset();
}

RecordReport Recorder::report() const {
  const std::lock_guard lock(mutex_);
  return report_;
}

}  // namespace tunrelay
