// SPDX-License-Identifier: MIT
// The tables of a merged result: its machines, and how far they lie apart. Pure functions, for any
// thread.
#pragma once

#include "report/text_table.hpp"
#include "result/result.hpp"

namespace tunrelay {

/// A row a machine: what it is, how many runs and samples that count it has. No row for a result
/// that was not merged.
[[nodiscard]] TextTable machines_table(const Result& result);
/// A row a metric and path of analysis/machine_spread.hpp.
[[nodiscard]] TextTable machine_spread_table(const Result& result);

}  // namespace tunrelay
