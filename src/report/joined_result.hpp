// SPDX-License-Identifier: MIT
// Several results as one: the suites of an evening on one page, or the runs of one load as the
// rounds of one run. Pure, for any thread.
#pragma once

#include <span>

#include "result/result.hpp"

namespace tunrelay {

/// RESULTS, of which there is one at least, in their order. Samples of a metric that several have
/// become further rounds, latencies of the same name and path are added up, a series that several
/// have stands once for each. The members `asked` and `done` stand by suite and run ("throughput",
/// "throughput, run 2"); the environment is that of the first, and a note says where others have
/// another machine, kernel or commit. Samples keep their origins where machines differ.
[[nodiscard]] Result joined_result(std::span<const Result> results);

}  // namespace tunrelay
