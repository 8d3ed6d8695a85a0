// SPDX-License-Identifier: MIT
#include "tunnel/proof_thread.hpp"

#include <exception>
#include <utility>

#include "os/signal_block.hpp"
#include "os/thread.hpp"

namespace tunrelay {

ProofThread::ProofThread(const char* name, Prove prove)
    : prove_(std::move(prove)), thread_(start_thread(name, [this] {
        block_signals();
        run();
      })) {}

ProofThread::~ProofThread() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

bool ProofThread::begin(const TunnelEnds& ends) {
  {
    const std::lock_guard lock(mutex_);
    if (wanted_ || verdict_) return false;
    wanted_ = ends;
  }
  changed_.notify_one();
  return true;
}

std::optional<PathVerdict> ProofThread::take() {
  static_cast<void>(done_.drain());
  const std::lock_guard lock(mutex_);
  return std::exchange(verdict_, std::nullopt);
}

void ProofThread::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return stopping_ || wanted_; });
    if (stopping_) return;
    const TunnelEnds ends = *wanted_;
    lock.unlock();
    PathVerdict verdict;
    try {
      verdict = prove_(ends, stopping_);
    } catch (const std::exception& error) {
      verdict = {.finding = error.what()};  // out of memory, for one: no reason to end the tunnel
    }
    lock.lock();
    verdict_ = std::move(verdict);
    wanted_.reset();
    done_.signal();
  }
}

}  // namespace tunrelay
