// SPDX-License-Identifier: MIT
// The io_uring engine: multishot reads into provided buffer rings, writes from the very
// buffers that were read, one system call a turn. Super-packets are read by read() (bulk_mode.hpp),
// and the ring polls.
#pragma once

#include <memory>
#include <span>

#include "engine/engine.hpp"

namespace tunrelay {

/// See make_engine(). Throws Error.
std::unique_ptr<Engine> make_uring_engine(const EngineOptions& options, BufferArena& arena,
                                          std::span<const Endpoint> endpoints, int wake_fd,
                                          EngineCounters& counters);

}  // namespace tunrelay
