// SPDX-License-Identifier: MIT
#include "route/apply/route_lock.hpp"

#include <sys/file.h>

#include <utility>

#include "os/netns.hpp"
#include "os/wait_until.hpp"

namespace tunrelay {

FileDescriptor lock_routes(std::chrono::milliseconds time_limit) {
  // The lock belongs to the open file, so each holder opens its own.
  FileDescriptor netns = open_current_netns();
  const bool is_ours =
      wait_until([&netns] { return ::flock(netns.get(), LOCK_EX | LOCK_NB) == 0; },
                 std::chrono::nanoseconds(time_limit).count(), 2 * kNanosecondsPerMillisecond);
  return is_ours ? std::move(netns) : FileDescriptor();
}

}  // namespace tunrelay
