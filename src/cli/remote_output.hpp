// SPDX-License-Identifier: MIT
// What a running relay writes to a file that we have opened, as long as we stay connected: a
// capture, a record.
#pragma once

#include <cstdint>
#include <string>

#include <nlohmann/json.hpp>

#include "control/control_client.hpp"
#include "os/signal_watch.hpp"

namespace tunrelay {

/// When TEXT ("10s") from now on is over (CLOCK_MONOTONIC); empty: never. Throws a usage Error.
[[nodiscard]] std::int64_t end_of(const std::string& duration);

/// Waits until a signal, END_NS, the writing's own end, or until nobody reads PIPE any more
/// (negative: there is none), and ends it. WHAT is its key, "capture" or "record". Returns its last
/// report. Throws Error.
[[nodiscard]] nlohmann::json wait_until_written(ControlClient& relay, const std::string& what,
                                                const SignalWatch& signals, std::int64_t end_ns,
                                                int pipe);

}  // namespace tunrelay
