// SPDX-License-Identifier: MIT
// Histograms of intervals as lines of text: HdrHistogram's log format 1.3, which its
// implementations and their viewers read.
//
//   #[Logged with tunrelay 0.2.0]
//   #[Histogram log format version 1.3]
//   #[StartTime: 1764016265.000 (seconds since epoch), 2025-11-24T20:31:05Z]
//   #[BaseTime: 1764016265.000 (seconds since epoch)]
//   "StartTimestamp","Interval_Length","Interval_Max","Interval_Compressed_Histogram"
//   Tag=delay,0.000,1.000,0.052,HISTFAAA...
//
// Times are seconds, the first from the BaseTime on; the longest latency is in milliseconds.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "metrics/hdr_encoding.hpp"
#include "metrics/histogram.hpp"

namespace tunrelay {

struct HdrLogInterval {
  std::string tag;     ///< which of the log's sequences it belongs to; may be empty
  double start_s = 0;  ///< from the log's start on
  double length_s = 0;
  Histogram histogram;
};

/// What a log begins with. AUTHOR: the program, in one line. STARTED_S: seconds since 1970; what is
/// no time, such as NaN, is a usage Error.
[[nodiscard]] std::string hdr_log_head(std::string_view author, double started_s);

/// The line of INTERVAL; times are reported to the millisecond. A tag with a comma, a blank or a
/// control character is a usage Error, since it would end there; so is what is not a time.
[[nodiscard]] std::string hdr_log_line(const HdrLogInterval& interval);

/// Calls VISIT with each interval of the log TEXT, in its order, and returns its start in seconds
/// since 1970: where it doesn't say, the time of its first interval, or 0. What is not a log, is
/// cut off or damaged is a usage Error that names NAME (its file) and the line; what stands before
/// that line has been visited then. Throws what VISIT throws. Pure but for VISIT.
double read_hdr_log(std::string_view text, const std::string& name,
                    const std::function<void(const HdrLogInterval&)>& visit);

}  // namespace tunrelay
