// SPDX-License-Identifier: MIT
#include "analysis/verdict.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace tunrelay {
namespace {

/// The bounds of what is too little to matter: a factor, the same both ways.
double upper_bound(const JudgeOptions& options) {
  return options.min_effect;
}

double lower_bound(const JudgeOptions& options) {
  return 1 / (1 + options.min_effect) - 1;
}

bool matters(double change, const JudgeOptions& options) {
  return change >= upper_bound(options) || change <= lower_bound(options);
}

void check_share(const char* name, double value) {
  if (!(value > 0 && value < 1))
    throw_usage_error("judge with", fmt::format("{} {:g}", name, value),
                      "it must be over 0 and below 1");
}

}  // namespace

std::string_view name_of(Verdict verdict) noexcept {
  switch (verdict) {
    case Verdict::kBetter:
      return "better";
    case Verdict::kSame:
      return "same";
    case Verdict::kWorse:
      return "worse";
    case Verdict::kInconclusive:
      break;
  }
  return "inconclusive";
}

JudgeOptions options_of_a_look(const JudgeOptions& options, std::uint32_t looks) {
  JudgeOptions look = options;
  look.alpha = options.alpha / looks;
  look.confidence = 1 - (1 - options.confidence) / looks;
  return look;
}

void check_options(const JudgeOptions& options) {
  check_share("alpha", options.alpha);
  check_share("confidence", options.confidence);
  if (!(options.min_effect >= 0 && std::isfinite(options.min_effect)))
    throw_usage_error("judge with", fmt::format("a minimum effect of {:g}", options.min_effect),
                      "it must be a share of 0 or more, such as 2%");
}

bool lies_within_bounds(const Effect& effect, const JudgeOptions& options) noexcept {
  return effect.low > lower_bound(options) && effect.high < upper_bound(options);
}

std::optional<Verdict> decide(const Effect& effect, double corrected_p, Better better,
                              const JudgeOptions& options) {
  if (better == Better::kNeither) return std::nullopt;
  if (corrected_p < options.alpha && matters(effect.change, options)) {
    const bool is_more = effect.change > 0;
    return is_more == (better == Better::kHigher) ? Verdict::kBetter : Verdict::kWorse;
  }
  return lies_within_bounds(effect, options) ? Verdict::kSame : Verdict::kInconclusive;
}

std::string explain(const Effect& effect, double corrected_p, Verdict verdict, std::size_t metrics,
                    const JudgeOptions& options) {
  const double min_percent = options.min_effect * 100;
  if (verdict == Verdict::kBetter || verdict == Verdict::kWorse)
    return fmt::format("a change of {:g} % or more, and not by chance (p {:.2g}, below {:g})",
                       min_percent, corrected_p, options.alpha);
  if (verdict == Verdict::kSame)
    return fmt::format("the {:g} % interval lies within {:g} %", options.confidence * 100,
                       min_percent);
  if (effect.least_p() * static_cast<double>(metrics) >= options.alpha)
    return fmt::format(
        "too few samples ({} and {}) for any verdict at p {:g}: take at least {} rounds",
        effect.base_count, effect.head_count, options.alpha,
        static_cast<std::size_t>(
            std::ceil(static_cast<double>(fewest_rounds(metrics, options)) * effect.inflation)));
  if (corrected_p < options.alpha)
    return fmt::format(
        "there is a change, but it is not clear whether it reaches {:g} %: more rounds would show "
        "it",
        min_percent);
  return fmt::format(
      "the change may be by chance (p is not below {:g}), and may be of {:g} %: "
      "more rounds would show it",
      options.alpha, min_percent);
}

Verdict overall(std::span<const Verdict> verdicts) noexcept {
  const auto has = [verdicts](Verdict wanted) {
    return std::find(verdicts.begin(), verdicts.end(), wanted) != verdicts.end();
  };
  if (has(Verdict::kWorse)) return Verdict::kWorse;
  if (verdicts.empty() || has(Verdict::kInconclusive)) return Verdict::kInconclusive;
  return has(Verdict::kBetter) ? Verdict::kBetter : Verdict::kSame;
}

ExitCode exit_code_of(Verdict verdict) noexcept {
  switch (verdict) {
    case Verdict::kWorse:
      return ExitCode::kRegression;
    case Verdict::kInconclusive:
      return ExitCode::kInconclusive;
    case Verdict::kBetter:
    case Verdict::kSame:
      break;
  }
  return ExitCode::kDone;
}

std::size_t fewest_rounds(std::size_t metrics, const JudgeOptions& options) {
  // Of n rounds that all agree, p is 2^(1 - n).
  std::size_t rounds = 1;
  for (double p = static_cast<double>(metrics); p >= options.alpha; p /= 2) ++rounds;
  return rounds;
}

}  // namespace tunrelay
