// SPDX-License-Identifier: MIT
// The latencies of a result as an HdrHistogram log, for its viewers and for other programs. Pure,
// for any thread.
#pragma once

#include <string>

#include "result/result.hpp"

namespace tunrelay {

/// A line a distribution that has values, tagged "NAME/LINK" (with '_' for what a tag can't hold).
[[nodiscard]] std::string latency_log(const Result& result);

}  // namespace tunrelay
