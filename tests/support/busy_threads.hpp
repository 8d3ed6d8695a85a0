// SPDX-License-Identifier: MIT
// Threads that want one CPU all the time, and so wait for it: a busy host in one process.
#pragma once

#include <sched.h>

#include <atomic>
#include <thread>
#include <vector>

namespace tunrelay::test {

class BusyThreads {
 public:
  explicit BusyThreads(int count) {
    cpu_set_t allowed;
    CPU_ZERO(&allowed);
    ::sched_getaffinity(0, sizeof allowed, &allowed);
    for (int cpu = 0; cpu < CPU_SETSIZE && cpu_ < 0; ++cpu)
      if (CPU_ISSET(static_cast<unsigned>(cpu), &allowed)) cpu_ = cpu;
    for (int thread = 0; thread < count; ++thread) threads_.emplace_back([this] { work(); });
  }
  ~BusyThreads() {
    stopping_ = true;
    for (std::thread& thread : threads_) thread.join();
  }
  BusyThreads(const BusyThreads&) = delete;
  BusyThreads& operator=(const BusyThreads&) = delete;

 private:
  void work() const {
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(static_cast<unsigned>(cpu_), &one);
    ::sched_setaffinity(0, sizeof one, &one);
    while (!stopping_) {
    }
  }

  int cpu_ = -1;
  std::atomic<bool> stopping_{false};
  std::vector<std::thread> threads_;
};

}  // namespace tunrelay::test
