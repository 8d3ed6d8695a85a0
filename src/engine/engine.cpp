// SPDX-License-Identifier: MIT
#include "engine/engine.hpp"

#include "engine/syscall_engine.hpp"
#include "engine/uring_engine.hpp"

namespace tunrelay {

std::unique_ptr<Engine> make_engine(const EngineOptions& options, BufferArena& arena,
                                    std::span<const Endpoint> endpoints, int wake_fd,
                                    EngineCounters& counters) {
  if (options.kind == EngineKind::kSyscall)
    return make_syscall_engine(options, arena, endpoints, wake_fd, counters);
  return make_uring_engine(options, arena, endpoints, wake_fd, counters);
}

}  // namespace tunrelay
