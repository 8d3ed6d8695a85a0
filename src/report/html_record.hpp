// SPDX-License-Identifier: MIT
// A record as one HTML page that needs nothing else, as report/html_report.hpp's. Pure function,
// for any thread.
#pragma once

#include <string>

#include "record/record.hpp"

namespace tunrelay {

[[nodiscard]] std::string html_record(const Record& record);

}  // namespace tunrelay
