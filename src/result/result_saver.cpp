// SPDX-License-Identifier: MIT
#include "result/result_saver.hpp"

#include <utility>

#include "os/thread.hpp"

namespace tunrelay {

ResultSaver::ResultSaver(ResultFile& file, std::function<void(const Error&)> report)
    : file_(file), report_(std::move(report)) {
  thread_ = start_thread("result", [this] { save_until_stopped(); });
}

ResultSaver::~ResultSaver() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

void ResultSaver::offer(Result result) {
  {
    const std::lock_guard lock(mutex_);
    waiting_ = std::move(result);
  }
  changed_.notify_one();
}

void ResultSaver::save_until_stopped() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return stopping_ || waiting_; });
    if (stopping_) return;
    const Result result = *std::exchange(waiting_, std::nullopt);
    lock.unlock();
    file_.save_or_report(result, report_);
    lock.lock();
  }
}

}  // namespace tunrelay
