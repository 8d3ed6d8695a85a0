// SPDX-License-Identifier: MIT
// The charts of a record over time, as report/charts.hpp describes charts, with
//   group: charts of one name share what they show of their x axis, and the crosshair;
//   events: [{x, name}], vertical lines.
// Charts that would show nothing but zeros are left out. Pure functions, for any thread.
#pragma once

#include <nlohmann/json.hpp>

#include "record/record.hpp"

namespace tunrelay {

/// Throughput beside capacity, delay and queue of the stage that queues, drops and marks.
[[nodiscard]] nlohmann::ordered_json direction_charts(const Record& record, std::size_t direction);
/// CPU time of the workers.
[[nodiscard]] nlohmann::ordered_json worker_charts(const Record& record);

}  // namespace tunrelay
