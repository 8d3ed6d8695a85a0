// SPDX-License-Identifier: MIT
#include "gen/thread_group.hpp"

#include <pthread.h>

#include "os/cpu_topology.hpp"
#include "os/signal_block.hpp"

namespace tunrelay {

void ThreadGroup::join() noexcept {
  ask_to_stop();
  for (std::thread& thread : threads_)
    if (thread.joinable()) thread.join();
  threads_.clear();
}

void ThreadGroup::prepare_thread(const std::vector<int>& cpus, std::size_t number,
                                 const char* name) {
  block_signals();
  ::pthread_setname_np(::pthread_self(), name);
  // A CPU that went away meanwhile is not a reason to stop: the thread runs where it may.
  if (!cpus.empty()) static_cast<void>(pin_this_thread(cpus[number % cpus.size()]));
}

}  // namespace tunrelay
