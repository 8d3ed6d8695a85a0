// SPDX-License-Identifier: MIT
// Saves a result again and again while the run that it belongs to goes on.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>

#include "base/error.hpp"
#include "result/result.hpp"
#include "result/result_json.hpp"

namespace tunrelay {

/// A disk may take its time: a thread of its own writes, and who measures never waits for it.
/// Used by one thread.
class ResultSaver {
 public:
  /// FILE must outlive it. REPORT is that of ResultFile::save_or_report(), called by the saver's
  /// thread.
  ResultSaver(ResultFile& file, std::function<void(const Error&)> report);
  /// Waits for the save that is under way; what was offered behind it is not saved.
  ~ResultSaver();
  ResultSaver(const ResultSaver&) = delete;
  ResultSaver& operator=(const ResultSaver&) = delete;

  /// To be saved next, in place of what waits to be.
  void offer(Result result);

 private:
  void save_until_stopped();

  ResultFile& file_;
  std::function<void(const Error&)> report_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::optional<Result> waiting_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace tunrelay
