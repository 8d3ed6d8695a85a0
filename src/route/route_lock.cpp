#include "route/route_lock.hpp"

#include <sys/file.h>

#include <thread>

#include "base/netns.hpp"

namespace tunrelay {

FileDescriptor lock_routes(std::chrono::milliseconds time_limit) {
  constexpr std::chrono::milliseconds kInterval{2};
  const auto deadline = std::chrono::steady_clock::now() + time_limit;
  // The lock belongs to the open file, so each holder opens its own.
  FileDescriptor netns = open_current_netns();
  while (::flock(netns.get(), LOCK_EX | LOCK_NB) < 0) {
    if (std::chrono::steady_clock::now() >= deadline) return {};
    std::this_thread::sleep_for(kInterval);
  }
  return netns;
}

}  // namespace tunrelay
