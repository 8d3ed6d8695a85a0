// SPDX-License-Identifier: MIT
// The files that stages name, of any text: a delivery trace, steps of rate, a delay table. Data of
// the promised form, or a usage Error with a message.
// Input: a byte for the form, then the text.
// Covers: link/trace_file.cpp stage/jitter.cpp
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>

#include "base/error.hpp"
#include "link/trace_file.hpp"
#include "stage/jitter.hpp"

using namespace tunrelay;

namespace {

void read_trace(const StageFile& file) {
  const std::vector<std::int64_t> times = parse_delivery_trace(file);
  if (times.empty() || times.front() < 0 || times.back() <= 0) std::abort();
  if (!std::is_sorted(times.begin(), times.end())) std::abort();
}

void read_steps(const StageFile& file) {
  const RateSteps rates = parse_rate_steps(file);
  if (rates.steps.empty() || rates.period_ns < 0) std::abort();
  const auto begins_before = [](const RatePace::Step& left, const RatePace::Step& right) {
    return left.start_ns < right.start_ns;
  };
  if (!std::is_sorted(rates.steps.begin(), rates.steps.end(), begins_before)) std::abort();
  if (rates.period_ns != 0 && rates.steps.back().start_ns >= rates.period_ns) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const auto text =
      std::make_shared<const std::string>(reinterpret_cast<const char*>(data) + 1, size - 1);
  try {
    switch (data[0] % 3) {
      case 0:
        read_trace({.name = "fuzz", .text = text});
        break;
      case 1:
        read_steps({.name = "fuzz", .text = text});
        break;
      default:
        if (parse_delay_table(*text).empty()) std::abort();
    }
  } catch (const Error& error) {
    if (error.exit_code() != ExitCode::kUsage || error.parts().cause.empty()) std::abort();
  }
  return 0;
}
