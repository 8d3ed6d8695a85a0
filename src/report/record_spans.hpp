// SPDX-License-Identifier: MIT
// What a record says of the time between two marks: of each sample of `bench`, for one. Pure
// functions, for any thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "record/record.hpp"
#include "report/text_table.hpp"

namespace tunrelay {

struct RecordSpan {
  std::string name;
  std::int64_t from_ns = 0;
  std::int64_t to_ns = 0;
};

/// Between the marks "NAME: begins" and "NAME: ends", in the order of their beginnings.
[[nodiscard]] std::vector<RecordSpan> record_spans(const Record& record);

/// A row a span and direction in which anything was written or dropped: of the intervals that are
/// within it. No rows: nothing was marked.
[[nodiscard]] TextTable span_table(const Record& record);

}  // namespace tunrelay
