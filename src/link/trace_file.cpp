#include "link/trace_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <sstream>
#include <string_view>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/units.hpp"
#include "base/input_file.hpp"

namespace tunrelay {
namespace {

// mahimahi's longest trace has some hundred thousand lines; this is an hour at 10 Gbit/s.
constexpr std::size_t kMostFileBytes = std::size_t{64} << 20U;

[[noreturn]] void refuse_line(const std::string& file, std::size_t line, const std::string& why,
                              const std::string& way_out) {
  throw_usage_error("read", fmt::format("{}:{}", file, line), why, way_out);
}

/// Calls VISIT(line number, text without comment and blanks around it) for lines with anything.
void for_each_line(const std::string& file,
                   const std::function<void(std::size_t, const std::string&)>& visit) {
  std::istringstream text(read_whole_file(file, "read the trace", kMostFileBytes));
  std::size_t number = 0;
  for (std::string line; std::getline(text, line);) {
    ++number;
    line = line.substr(0, line.find('#'));
    const std::size_t first = line.find_first_not_of(" \t\r");
    if (first == std::string::npos) continue;
    visit(number, line.substr(first, line.find_last_not_of(" \t\r") - first + 1));
  }
}

}  // namespace

std::vector<std::int64_t> read_delivery_trace(const std::string& file) {
  std::vector<std::int64_t> times_ns;
  std::size_t last_line = 0;
  for_each_line(file, [&](std::size_t line, const std::string& text) {
    std::int64_t time_ns = 0;
    if (text.find_first_not_of("0123456789.") != std::string::npos)
      refuse_line(file, line, fmt::format("'{}' is no time in milliseconds", text),
                  "a line is one number, such as 17");
    try {
      time_ns = parse_duration_ns(text + "ms");
    } catch (const Error& error) {
      refuse_line(file, line, error.parts().answer, "a line is one number, such as 17");
    }
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

RateSteps read_rate_steps(const std::string& file) {
  RateSteps result;
  std::size_t last_line = 0;
  const std::string example = "a line is a time and a rate, such as: 1.5s 10mbit";
  for_each_line(file, [&](std::size_t line, const std::string& text) {
    const std::size_t gap = text.find_first_of(" \t");
    if (gap == std::string::npos) refuse_line(file, line, "there is no rate", example);
    const std::string rate = text.substr(text.find_first_not_of(" \t", gap));
    if (result.period_ns != 0)
      refuse_line(file, line, "a line stands behind `repeat`", "make that the last line");
    last_line = line;
    RatePace::Step step;
    try {
      step.start_ns = parse_duration_ns(text.substr(0, gap));
      if (rate != "repeat") step.bits_per_s = parse_rate_bits_per_s(rate);
    } catch (const Error& error) {
      refuse_line(file, line, error.parts().object + ": " + error.parts().answer, example);
    }
    if (!result.steps.empty() && step.start_ns <= result.steps.back().start_ns)
      refuse_line(file, line, "the time is not behind that of the line before",
                  "times must rise: sort the lines");
    if (step.bits_per_s > RatePace::kMostBitsPerS)
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
