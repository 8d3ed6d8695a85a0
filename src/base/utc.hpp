// SPDX-License-Identifier: MIT
// Points in time as files have them: ISO 8601, in UTC, to the second.
#pragma once

#include <ctime>
#include <string>

namespace tunrelay {

/// "2026-11-23T20:31:05Z". TIME counts seconds since 1970, and is not in the year 10000.
[[nodiscard]] std::string format_utc(std::time_t time);
/// Now, as Result::started_utc has it.
[[nodiscard]] std::string utc_now();

/// Seconds since 1970; NaN for what is not in exactly that form.
[[nodiscard]] double parse_utc(const std::string& text);

}  // namespace tunrelay
