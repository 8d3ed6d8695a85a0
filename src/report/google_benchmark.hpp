// SPDX-License-Identifier: MIT
// A result in the form of google/benchmark's JSON files, for the tools that read those: its own
// tools/compare.py, github-action-benchmark, Bencher. Pure, for any thread.
#pragma once

#include <string>

#include "result/result.hpp"

namespace tunrelay {

/// A row a sample that counts, so that compare.py can run its test over the repetitions. There,
/// less is better, always: a metric of which more is better stands as the time that one unit takes
/// (of bits, that a gigabit takes: 10 Gbit/s is 1e8 ns), others with their value as `real_time`. A
/// rate of 0 has no such time and no row. `cpu_time` is the CPU time of the metric of the same test
/// that is measured in ns_per_packet, of the same path and round; where there is none it repeats
/// real_time, for compare.py needs a number. The value itself stands under the unit's name.
/// The subject bears the metric's name, other paths "NAME/path:control".
[[nodiscard]] std::string google_benchmark_json(const Result& result);

}  // namespace tunrelay
