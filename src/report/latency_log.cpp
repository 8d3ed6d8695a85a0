// SPDX-License-Identifier: MIT
#include "report/latency_log.hpp"

#include <algorithm>

#include "base/utc.hpp"
#include "metrics/hdr_log.hpp"
#include "report/escape.hpp"

namespace tunrelay {
namespace {

/// A result from elsewhere may have times that are none, or beyond the end of days.
double or_zero(double time_s) {
  constexpr double kMax = 1e10;
  return time_s >= 0 && time_s < kMax ? time_s : 0;
}

std::string tag_of(const Distribution& distribution) {
  std::string tag = clean_line(distribution.name + "/" + distribution.path);
  std::replace_if(
      tag.begin(), tag.end(), [](char character) { return character == ',' || character == ' '; },
      '_');
  return tag;
}

}  // namespace

std::string latency_log(const Result& result) {
  std::string text = hdr_log_head("tunrelay", or_zero(parse_utc(result.started_utc)));
  for (const Distribution& distribution : result.distributions) {
    if (distribution.histogram.count() == 0) continue;
    text += hdr_log_line({.tag = tag_of(distribution),
                          .start_s = or_zero(distribution.start_s),
                          .length_s = or_zero(distribution.interval_s),
                          .histogram = distribution.histogram});
  }
  return text;
}

}  // namespace tunrelay
