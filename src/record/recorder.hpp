// SPDX-License-Identifier: MIT
// Writes a record while a tunnel runs: a thread of its own reads counters that the workers count
// anyway, so that the packets' way knows nothing of it.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "base/clock.hpp"
#include "link/emulated_link.hpp"
#include "os/file_descriptor.hpp"
#include "record/interval_reader.hpp"
#include "record/record.hpp"
#include "sandbox/thread_sandbox.hpp"

namespace tunrelay {

struct RecordOptions {
  static constexpr std::int64_t kMinIntervalNs = kNanosecondsPerMillisecond;
  static constexpr std::int64_t kMaxIntervalNs = 3'600 * kNanosecondsPerSecond;

  std::string file;
  std::int64_t interval_ns = 100 * kNanosecondsPerMillisecond;
  std::string title;                           ///< what is recorded, in words; may be empty
  std::shared_ptr<const FileDescriptor> into;  ///< the file where it is open already, or null
};
/// Throws a usage Error for what can't be.
void check_record_options(const RecordOptions& options);

struct RecordReport {
  std::string file;
  std::uint64_t intervals = 0;
  std::uint64_t bytes = 0;
  std::string failure;  ///< why nothing is written any more; empty: it is, or it has ended
};

/// Used by one thread, but for what says otherwise. That thread waits for no disk and no pipe until
/// end(): lines are made under a mutex, and written by the recorder's thread without it.
class Recorder {
 public:
  /// Opens the file; what stood there is gone. Throws Error.
  explicit Recorder(const RecordOptions& options);
  /// To FILE, a regular one, which options.file describes. Throws Error.
  Recorder(RecordOptions options, FileDescriptor file);
  ~Recorder();
  Recorder(const Recorder&) = delete;
  Recorder& operator=(const Recorder&) = delete;

  /// Gives all that was counted until now; it is called on the recorder's thread, and on this one,
  /// never both at once.
  using Read = IntervalReader::Read;

  struct Beginning {
    RecordHeader header;        ///< but for the interval; its times count from...
    std::int64_t ready_ns = 0;  ///< ...here (CLOCK_MONOTONIC)
    bool is_at_ready = true;    ///< the first interval begins then, with all counts; else now
    IntervalReader::ReadFlows read_flows{};  ///< empty: flows are not counted
    ThreadRights rights{};                   ///< what the recorder's thread gives up
  };
  /// Once. LINK is the one in use.
  void begin(const Beginning& beginning, const EmulatedLink& link, Read read);
  /// LINK's stages have the packets since now. The last interval of the former link ends here.
  void change_link(const EmulatedLink& link);
  void note(std::string_view kind, std::string_view text);
  /// Writes the last interval and the end.
  void end() noexcept;

  /// Any thread.
  [[nodiscard]] RecordReport report() const;

 private:
  void begin_report();
  void run();
  void add_interval(std::int64_t now_ns, bool is_last = false);
  void add(const std::string& line);
  /// Without the mutex, which LOCK holds before and after.
  void write_all_lines(std::unique_lock<std::mutex>& lock);

  const RecordOptions options_;
  FileDescriptor file_;
  std::int64_t ready_ns_ = 0;
  std::int64_t first_due_ns_ = 0;

  mutable std::mutex mutex_;  ///< of all below
  std::condition_variable woken_;
  bool ends_ = false;
  std::string unwritten_;  ///< whole lines
  RecordReport report_;
  std::optional<IntervalReader> reader_;  ///< from begin() to end()

  std::thread thread_;
};

}  // namespace tunrelay
