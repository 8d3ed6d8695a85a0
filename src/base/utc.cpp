// SPDX-License-Identifier: MIT
#include "base/utc.hpp"

#include <fmt/format.h>

#include <limits>

namespace tunrelay {

std::string format_utc(std::time_t time) {
  std::tm parts{};
  ::gmtime_r(&time, &parts);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", parts.tm_year + 1900, parts.tm_mon + 1,
                     parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec);
}

std::string utc_now() {
  return format_utc(std::time(nullptr));
}

double parse_utc(const std::string& text) {
  std::tm parts{};
  const char* end = ::strptime(text.c_str(), "%Y-%m-%dT%H:%M:%SZ", &parts);
  const std::time_t time = end == nullptr ? 0 : ::timegm(&parts);
  // strptime() is generous (blanks, single digits, 31 February); the other way is not.
  if (end == nullptr || format_utc(time) != text) return std::numeric_limits<double>::quiet_NaN();
  return static_cast<double>(time);
}

}  // namespace tunrelay
