// SPDX-License-Identifier: MIT
// The engine for hosts that forbid io_uring: epoll, readv and writev.
#pragma once

#include <memory>
#include <span>

#include "engine/engine.hpp"

namespace tunrelay {

/// See make_engine(). Throws Error.
std::unique_ptr<Engine> make_syscall_engine(const EngineOptions& options, BufferArena& arena,
                                            std::span<const Endpoint> endpoints, int wake_fd,
                                            EngineCounters& counters);

}  // namespace tunrelay
