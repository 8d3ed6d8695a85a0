// SPDX-License-Identifier: MIT
#include "link/trace_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/ensure.hpp"
#include "base/error.hpp"
#include "base/trim.hpp"
#include "base/units.hpp"

namespace tunrelay {
namespace {

[[noreturn]] void refuse_line(const StageFile& file, std::size_t line, const std::string& why,
                              const std::string& hint) {
  throw_usage_error("read", fmt::format("{}:{}", file.name, line), why, hint);
}

/// Calls VISIT(line number, text without comment and blanks around it) for lines with anything.
template <typename Visit>
void for_each_line(const StageFile& file, const Visit& visit) {
  ensure(file.text != nullptr, "a stage's file was not read");
  std::string_view text = *file.text;
  for (std::size_t number = 1; !text.empty(); ++number) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    line = trimmed(line.substr(0, line.find('#')));
    if (!line.empty()) visit(number, line);
  }
}

/// TEXT of digits as whole milliseconds, which nearly all lines of the largest traces are: a
/// running relay reads them while it attends to its tunnel. Nothing for what takes more care.
std::optional<std::int64_t> whole_milliseconds_ns(std::string_view text) {
  constexpr std::int64_t kMaxMs = INT64_MAX / kNanosecondsPerMillisecond / 2;
  std::int64_t time_ms = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), time_ms);
  if (error != std::errc{} || end != text.data() + text.size() || time_ms > kMaxMs)
    return std::nullopt;
  return time_ms * kNanosecondsPerMillisecond;
}

std::int64_t opportunity_ns(const StageFile& file, std::size_t line, std::string_view text) {
  constexpr const char* kExample = "a line is one number, such as 17";
  if (text.find_first_not_of("0123456789.") != std::string_view::npos)
    refuse_line(file, line, fmt::format("'{}' is not a time in milliseconds", text), kExample);
  if (const auto whole_ns = whole_milliseconds_ns(text)) return *whole_ns;
  try {
    return parse_duration_ns(std::string(text) + "ms");
  } catch (const Error& error) {
    refuse_line(file, line, error.parts().cause, kExample);
  }
}

}  // namespace

std::vector<std::int64_t> parse_delivery_trace(const StageFile& file) {
  std::vector<std::int64_t> times_ns;
  std::size_t last_line = 0;
  for_each_line(file, [&](std::size_t line, std::string_view text) {
    const std::int64_t time_ns = opportunity_ns(file, line, text);
    if (!times_ns.empty() && time_ns < times_ns.back())
      refuse_line(file, line,
                  fmt::format("the time {} comes after a later one, of line {}", text, last_line),
                  "times must not go back: sort the lines");
    times_ns.push_back(time_ns);
    last_line = line;
  });
  if (times_ns.empty() || times_ns.back() == 0)
    refuse_line(file, last_line, "the trace has no length: its last time is 0, or there is none",
                "end it with a line over 0");
  return times_ns;
}

RateSteps parse_rate_steps(const StageFile& file) {
  RateSteps result;
  std::size_t last_line = 0;
  const std::string example = "a line is a time and a rate, such as: 1.5s 10mbit";
  for_each_line(file, [&](std::size_t line, std::string_view text) {
    const std::size_t gap = text.find_first_of(" \t");
    if (gap == std::string_view::npos) refuse_line(file, line, "there is no rate", example);
    const std::string rate(text.substr(text.find_first_not_of(" \t", gap)));
    if (result.period_ns != 0)
      refuse_line(file, line, "a line stands behind `repeat`", "make that the last line");
    last_line = line;
    RatePace::Step step;
    try {
      step.start_ns = parse_duration_ns(text.substr(0, gap));
      if (rate != "repeat") step.bits_per_s = parse_rate_bits_per_s(rate);
    } catch (const Error& error) {
      refuse_line(file, line, error.parts().object + ": " + error.parts().cause, example);
    }
    if (!result.steps.empty() && step.start_ns <= result.steps.back().start_ns)
      refuse_line(file, line, "the time is not behind that of the line before",
                  "times must rise: sort the lines");
    if (step.bits_per_s > RatePace::kMaxBitsPerS)
      refuse_line(file, line, "the rate is over 10tbit a second", example);
    if (rate != "repeat")
      result.steps.push_back(step);
    else
      result.period_ns = step.start_ns;
  });
  if (result.steps.empty()) refuse_line(file, last_line, "there is no step", example);
  const auto stands_still = [](const RatePace::Step& step) { return step.bits_per_s == 0; };
  if (std::all_of(result.steps.begin(), result.steps.end(), stands_still))
    refuse_line(file, last_line, "no step carries anything", example);
  return result;
}

}  // namespace tunrelay
