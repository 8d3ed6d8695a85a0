// SPDX-License-Identifier: MIT
#include "report/csv_history.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cmath>
#include <utility>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/json_text.hpp"
#include "os/file_descriptor.hpp"
#include "os/interruptible.hpp"
#include "os/output_file.hpp"
#include "os/whole_file.hpp"
#include "report/escape.hpp"
#include "result/origin.hpp"
#include "result/result_json.hpp"
#include "result/test_path_summary.hpp"

namespace tunrelay {
namespace {

constexpr const char* kAppending = "append to the history";

/// The shortest text that reads back as the same number; nothing for what is none.
std::string number(double value) {
  return std::isfinite(value) ? fmt::format("{}", value) : std::string();
}

std::string line_of(const HistoryRow& row) {
  const std::string fields[] = {
      escape_csv(row.time),         escape_csv(row.commit),     escape_csv(row.suite),
      escape_csv(row.title),        escape_csv(row.metric),     escape_csv(row.unit),
      name_of(row.better),          escape_csv(row.path),       std::to_string(row.rounds),
      number(row.median),           number(row.lowest),         number(row.highest),
      number(row.ratio_to_control), escape_csv(row.machine_id), escape_csv(row.kernel)};
  return fmt::format("{}\n", fmt::join(fields, ","));
}

/// That FD, a file of SIZE bytes which is not empty, is a history to which a line can be added.
void check_history(int fd, off_t size, const std::string& path) {
  const std::string header = csv_history_header();
  std::string begin(header.size(), '\0');
  const ssize_t got = ::pread(fd, begin.data(), begin.size(), 0);
  if (got < 0) throw_system_error(errno, kAppending, path);
  if (static_cast<std::size_t>(got) != header.size() || begin != header)
    throw_usage_error(
        kAppending, path, "its first line is not that of a history of this version",
        "choose another file; the first line should be " + header.substr(0, header.size() - 1));
  char last = 0;
  if (::pread(fd, &last, 1, size - 1) != 1) throw_system_error(errno, kAppending, path);
  if (last != '\n')
    throw_usage_error(kAppending, path, "it ends within a line",
                      "delete or complete its last line");
}

/// Others append for a moment; one who never ends is not waited for.
void lock_history(int fd, const std::string& path) {
  constexpr std::int64_t kPatienceNs = 10 * kNanosecondsPerSecond;
  constexpr std::int64_t kPauseNs = 10 * kNanosecondsPerMillisecond;
  const std::int64_t end_ns = monotonic_ns() + kPatienceNs;
  while (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) throw_system_error(errno, kAppending, path);
    if (monotonic_ns() > end_ns)
      throw_system_error(EWOULDBLOCK, kAppending, path, "another program holds its lock (flock)");
    if (wait_until_ready(-1, 0, kPauseNs) == EINTR) throw_system_error(EINTR, kAppending, path);
  }
}

}  // namespace

std::string csv_history_header() {
  return "time,commit,suite,title,metric,unit,better,link,rounds,median,lowest,highest,"
         "ratio_to_control,machine_id,kernel\n";
}

std::vector<HistoryRow> history_rows(const Result& result) {
  std::vector<HistoryRow> rows;
  if (!result.origins.empty()) {
    for (const MachineResult& machine : split_by_machine(result))
      for (HistoryRow& row : history_rows(machine.result)) rows.push_back(std::move(row));
    return rows;
  }
  for (const Metric& metric : result.metrics) {
    const bool has_control = reference_path(metric) == kControl;
    for (const TestPathSummary& path : summarise(metric)) {
      if (path.valid == 0) continue;
      rows.push_back({.time = result.started_utc,
                      .commit = text_member(result.environment, "commit"),
                      .suite = result.suite,
                      .title = result.title,
                      .metric = metric.name,
                      .unit = metric.unit,
                      .better = metric.better,
                      .path = path.path,
                      .rounds = path.valid,
                      .median = path.median,
                      .lowest = path.lowest,
                      .highest = path.highest,
                      .ratio_to_control = has_control ? path.ratio : std::nan(""),
                      .machine_id = text_member(result.environment, "machine_id"),
                      .kernel = text_member(result.environment, "kernel")});
    }
  }
  return rows;
}

std::string csv_history(const Result& result) {
  std::string text;
  for (const HistoryRow& row : history_rows(result)) text += line_of(row);
  return text;
}

void append_csv_history(const std::string& path, const Result& result) {
  const OutputPlace place(path, kAppending);
  const FileDescriptor file = place.open(O_RDWR | O_APPEND | O_CREAT, kUsersChoice);
  lock_history(file.get(), path);
  struct stat found {};
  check_system_call(::fstat(file.get(), &found), kAppending, path);
  if (found.st_size != 0) check_history(file.get(), found.st_size, path);
  const std::string lines = (found.st_size == 0 ? csv_history_header() : "") + csv_history(result);
  const int error = append_all(file.get(), lines, true);
  if (error != 0) throw_system_error(error, kAppending, path, "make room on its file system");
}

}  // namespace tunrelay
