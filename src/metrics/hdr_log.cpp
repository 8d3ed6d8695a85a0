// SPDX-License-Identifier: MIT
#include "metrics/hdr_log.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <ctime>
#include <limits>
#include <optional>
#include <stdexcept>

#include "base/clock.hpp"
#include "base/ensure.hpp"
#include "base/error.hpp"
#include "base/utc.hpp"

namespace tunrelay {
namespace {

constexpr std::string_view kTagMark = "Tag=";
constexpr std::string_view kVersionMark = "#[Histogram log format version ";
constexpr std::string_view kStartMark = "#[StartTime: ";
constexpr std::string_view kBaseMark = "#[BaseTime: ";
constexpr double kSecondsPerYear = 365.0 * 24 * 3600;
/// The end of the year 9999: what is beyond is not a time.
constexpr double kMaxSeconds = 253'402'300'799;

/// What is wrong with a line.
class LineFault : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

bool is_time(double seconds) {
  return std::abs(seconds) <= kMaxSeconds;  // not so for NaN
}

bool fits_in_tag(char character) {
  return static_cast<unsigned char>(character) > ' ' && character != ',' && character != '\x7f';
}

/// The number that TEXT begins with, taken off its front.
std::optional<double> take_leading_number(std::string_view& text) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || !std::isfinite(number)) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return number;
}

/// TEXT up to the next SEPARATOR, which is taken off its front together with that; all of it where
/// there is none.
std::string_view take_field(std::string_view& text, char separator) {
  const std::string_view field = text.substr(0, text.find(separator));
  text.remove_prefix(std::min(field.size() + 1, text.size()));
  return field;
}

/// Reads one log, line by line. Members throw LineFault.
class LogReader {
 public:
  explicit LogReader(const std::function<void(const HdrLogInterval&)>& visit) : visit_(visit) {}

  [[nodiscard]] double started_s() const noexcept {
    return std::isnan(started_s_) ? 0 : started_s_;
  }
  void take_line(std::string_view line) {
    if (line.empty() || line.starts_with("\"StartTimestamp\"")) return;
    line.starts_with('#') ? take_comment(line) : take_interval(line);
  }

 private:
  void take_comment(std::string_view line) {
    if (line.starts_with(kStartMark)) started_s_ = seconds_behind(kStartMark, line);
    if (line.starts_with(kBaseMark)) base_s_ = seconds_behind(kBaseMark, line);
    if (line.starts_with(kVersionMark) && !line.substr(kVersionMark.size()).starts_with("1."))
      throw LineFault("it is of a later version of the format");
  }

  void take_interval(std::string_view line) {
    HdrLogInterval interval;
    if (line.starts_with(kTagMark)) interval.tag = take_field(line, ',').substr(kTagMark.size());
    const double time_s = take_seconds(line);
    interval.length_s = take_seconds(line);
    static_cast<void>(take_number(line));  // the longest latency: the histogram has it, too
    try {
      interval.histogram = decode_histogram(line);
    } catch (const Error& error) {
      throw LineFault("the histogram: " + error.parts().cause);
    }
    // Logs that have their start but no base come in two kinds: with absolute times, and with
    // times since the start. HdrHistogram's reader distinguishes them in this way.
    if (std::isnan(base_s_))
      base_s_ = time_s < started_s_ - kSecondsPerYear ? started_s_ : 0;  // 0 where it has no start
    if (std::isnan(started_s_)) started_s_ = time_s + base_s_;
    interval.start_s = time_s + (base_s_ - started_s_);
    visit_(interval);
  }

  static double seconds_behind(std::string_view mark, std::string_view line) {
    line.remove_prefix(mark.size());
    const auto seconds = take_leading_number(line);
    if (!seconds || !is_time(*seconds)) throw LineFault("it has no time");
    return *seconds;
  }

  static double take_number(std::string_view& line) {
    std::string_view field = take_field(line, ',');
    const auto number = take_leading_number(field);
    if (!number || !field.empty())
      throw LineFault("it is not a line of an HdrHistogram log, or not all of one");
    return *number;
  }

  static double take_seconds(std::string_view& line) {
    const double seconds = take_number(line);
    if (!is_time(seconds)) throw LineFault("it has no time");
    return seconds;
  }

  const std::function<void(const HdrLogInterval&)>& visit_;
  // Seconds since 1970; NaN: not known yet.
  double started_s_ = std::numeric_limits<double>::quiet_NaN();
  double base_s_ = started_s_;
};

}  // namespace

std::string hdr_log_head(std::string_view author, double started_s) {
  ensure(author.find('\n') == std::string_view::npos, "a comment of a log is one line");
  if (!is_time(started_s) || started_s < 0)
    throw_usage_error("write", "the start of a log", "it is not a time");
  return fmt::format(
      "#[Logged with {0}]\n"
      "{1}1.3]\n"
      "{2}{3:.3f} (seconds since epoch), {4}]\n"
      "{5}{3:.3f} (seconds since epoch)]\n"
      "\"StartTimestamp\",\"Interval_Length\",\"Interval_Max\","
      "\"Interval_Compressed_Histogram\"\n",
      author, kVersionMark, kStartMark, started_s,
      format_utc(static_cast<std::time_t>(std::floor(started_s))), kBaseMark);
}

std::string hdr_log_line(const HdrLogInterval& interval) {
  if (!std::all_of(interval.tag.begin(), interval.tag.end(), fits_in_tag))
    throw_usage_error("write the tag", "'" + interval.tag + "'",
                      "a comma, a blank or a control character would end it");
  if (!is_time(interval.start_s) || !is_time(interval.length_s))
    throw_usage_error("write", "an interval of a log", "it is not a time");
  const double highest_ms = static_cast<double>(interval.histogram.highest()) /
                            static_cast<double>(kNanosecondsPerMillisecond);
  return fmt::format("{}{}{}{:.3f},{:.3f},{:.3f},{}\n", interval.tag.empty() ? "" : kTagMark,
                     interval.tag, interval.tag.empty() ? "" : ",", interval.start_s,
                     interval.length_s, highest_ms, encode_histogram(interval.histogram));
}

double read_hdr_log(std::string_view text, const std::string& name,
                    const std::function<void(const HdrLogInterval&)>& visit) {
  constexpr const char* kWayOut =
      "give a log of nanoseconds at three digits or more, in the encoding V2 of HdrHistogram";
  if (text.empty()) throw_usage_error("read", name, "it is empty", kWayOut);
  LogReader reader(visit);
  for (std::size_t number = 1; !text.empty(); ++number) {
    std::string_view line = take_field(text, '\n');
    if (line.ends_with('\r')) line.remove_suffix(1);
    try {
      reader.take_line(line);
    } catch (const LineFault& fault) {
      throw_usage_error("read", fmt::format("{}, line {}", name, number), fault.what(), kWayOut);
    }
  }
  return reader.started_s();
}

}  // namespace tunrelay
