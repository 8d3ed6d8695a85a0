// SPDX-License-Identifier: MIT
// Whether TCP super-packets that the relay merges beyond 64 KiB ("BIG TCP") arrive: kernels before
// 6.3 take them from our write and lose them later, without an error.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "base/direction.hpp"
#include "route/model/tunnel_ends.hpp"
#include "tunnel/self_test.hpp"

namespace tunrelay {

/// How many packets beyond 64 KiB the relay has written so far, in one direction.
using BigTcpWrites = std::function<std::uint64_t(Direction direction)>;

/// Sends bursts of TCP, each way and in each family, until the relay has merged some of it beyond
/// 64 KiB, and compares what arrives. Nothing when all is right, else a phrase: what has not
/// arrived, or that nothing was merged. Takes some milliseconds, or 2 s when the stream stands
/// still. Throws Error when sockets can't be made.
[[nodiscard]] std::optional<std::string> prove_big_tcp(const TunnelEnds& ends,
                                                       const HoldRelay& hold,
                                                       const BigTcpWrites& writes);

}  // namespace tunrelay
