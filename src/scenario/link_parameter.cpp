// SPDX-License-Identifier: MIT
#include "scenario/link_parameter.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/units.hpp"
#include "stage/link_pace.hpp"

namespace tunrelay {
namespace {

constexpr double kMaxTimeNs = 24.0 * 3600 * kNanosecondsPerSecond;

double max_of(LinkParameter parameter) noexcept {
  switch (parameter) {
    case LinkParameter::kRate:
      return static_cast<double>(RatePace::kMaxBitsPerS);
    case LinkParameter::kLoss:
      return 1;
    case LinkParameter::kDelay:
    case LinkParameter::kJitter:
      break;
  }
  return kMaxTimeNs;
}

/// The stage of that kind for all packets, the first one or one that is added.
template <typename Choice>
Choice& stage_of(StageList& stages) {
  for (StageDescription& stage : stages)
    if (auto* choice = std::get_if<Choice>(&stage.choice);
        choice != nullptr && stage.filter.empty())
      return *choice;
  return stages.emplace_back().choice.template emplace<Choice>();
}

}  // namespace

std::optional<LinkParameter> link_parameter_of(std::string_view name) noexcept {
  const auto* const found = std::find(kLinkParameterNames.begin(), kLinkParameterNames.end(), name);
  if (found == kLinkParameterNames.end()) return std::nullopt;
  return static_cast<LinkParameter>(found - kLinkParameterNames.begin());
}

double parse_link_parameter(LinkParameter parameter, std::string_view text) {
  double value = 0;
  switch (parameter) {
    case LinkParameter::kRate:
      value = static_cast<double>(parse_rate_bits_per_s(text));
      break;
    case LinkParameter::kDelay:
    case LinkParameter::kJitter:
      value = static_cast<double>(parse_duration_ns(text));
      break;
    case LinkParameter::kLoss:
      value = parse_percent(text);
      break;
  }
  if (value > max_of(parameter))
    throw_usage_error(
        "read the " + std::string(kLinkParameterNames.at(static_cast<std::size_t>(parameter))),
        fmt::format("'{}'", text), "it is more than a link can have",
        "a rate is at most 10tbit, a time a day, a loss 100%");
  return value;
}

double clamp_link_parameter(LinkParameter parameter, double value) noexcept {
  // A link that stands still for ever would be no link: `outage` is for that.
  const double least = parameter == LinkParameter::kRate ? 1 : 0;
  return std::clamp(value, least, max_of(parameter));
}

void set_link_parameter(StageList& stages, LinkParameter parameter, double value) {
  value = clamp_link_parameter(parameter, value);
  switch (parameter) {
    case LinkParameter::kRate: {
      auto& link = stage_of<BottleneckDescription>(stages);
      link.pace = BottleneckDescription::Pace::kRate;
      link.file = {};
      link.bits_per_s = static_cast<std::uint64_t>(std::llround(value));
      return;
    }
    case LinkParameter::kDelay:
      stage_of<DelayDescription>(stages).config.delay_ns = std::llround(value);
      return;
    case LinkParameter::kJitter:
      stage_of<DelayDescription>(stages).config.jitter_ns = std::llround(value);
      return;
    case LinkParameter::kLoss: {
      auto& loss = stage_of<LossConfig>(stages);
      if (!std::holds_alternative<BernoulliLoss>(loss)) loss = BernoulliLoss{};
      std::get<BernoulliLoss>(loss).probability = value;
      return;
    }
  }
}

}  // namespace tunrelay
