// SPDX-License-Identifier: MIT
// The arguments of stages that act at random: delay, loss, duplicate, corrupt.
#include <fmt/format.h>

#include <array>

#include "base/exact_units.hpp"
#include "link/stage_grammar.hpp"

namespace tunrelay {
namespace {

struct ShapeName {
  JitterShape shape;
  std::string_view name;
};
constexpr std::array<ShapeName, 5> kShapes{{{JitterShape::kUniform, "uniform"},
                                            {JitterShape::kNormal, "normal"},
                                            {JitterShape::kPareto, "pareto"},
                                            {JitterShape::kParetoNormal, "paretonormal"},
                                            {JitterShape::kTable, "table"}}};

// Longer lists belong in a filter or a trace.
constexpr std::size_t kMaxListed = 10'000;
constexpr std::uint64_t kMaxNumber = std::uint64_t{1} << 53U;

const char* const kProbability = "a percentage such as 0.1%";

/// The percentages that follow, at most as many as VALUES; those that are missing stay.
template <std::size_t kCount>
void read_ratios(StageTokens& tokens, const std::array<double*, kCount>& values) {
  for (double* value : values) {
    if (!tokens.has_ratio()) return;
    *value = tokens.take_ratio(kProbability);
  }
}

/// " 25%", or nothing for 0.
std::string print_correlation(double correlation) {
  return correlation == 0 ? "" : " " + print_ratio(correlation);
}

ReorderConfig read_reorder(StageTokens& tokens) {
  ReorderConfig reorder;
  reorder.probability = tokens.take_ratio(kProbability);
  if (tokens.has_ratio()) reorder.correlation = tokens.take_ratio(kProbability);
  if (tokens.take("gap"))
    reorder.gap = static_cast<std::uint32_t>(tokens.take_count("a count of packets", 1, 1'000'000));
  return reorder;
}

LossConfig read_gilbert_elliott(StageTokens& tokens) {
  GilbertElliottLoss loss;
  loss.to_bad = tokens.take_ratio(kProbability);
  loss.to_good = 1 - loss.to_bad;
  read_ratios(tokens, std::array{&loss.to_good, &loss.loss_in_bad, &loss.loss_in_good});
  return loss;
}

LossConfig read_four_state(StageTokens& tokens) {
  FourStateLoss loss;
  loss.p13 = tokens.take_ratio(kProbability);
  loss.p31 = 1 - loss.p13;
  read_ratios(tokens, std::array{&loss.p31, &loss.p32, &loss.p23, &loss.p14});
  return loss;
}

LossConfig read_listed(StageTokens& tokens) {
  const std::string example = "numbers of packets, rising, from 1";
  ListedLoss loss;
  do {
    loss.numbers.push_back(tokens.take_count(example, 1, kMaxNumber));
    const std::size_t count = loss.numbers.size();
    if (count > 1 && loss.numbers[count - 2] >= loss.numbers[count - 1])
      tokens.refuse_last("the numbers must rise", "write " + example);
    if (count > kMaxListed)
      tokens.refuse_last("these are too many", fmt::format("write at most {}", kMaxListed));
  } while (tokens.has_number());
  return loss;
}

struct LossPrinter {
  std::string operator()(const BernoulliLoss& loss) const {
    return "loss " + print_ratio(loss.probability) + print_correlation(loss.correlation);
  }
  std::string operator()(const GilbertElliottLoss& loss) const {
    return fmt::format("loss gemodel {} {} {} {}", print_ratio(loss.to_bad),
                       print_ratio(loss.to_good), print_ratio(loss.loss_in_bad),
                       print_ratio(loss.loss_in_good));
  }
  std::string operator()(const FourStateLoss& loss) const {
    return fmt::format("loss state {} {} {} {} {}", print_ratio(loss.p13), print_ratio(loss.p31),
                       print_ratio(loss.p32), print_ratio(loss.p23), print_ratio(loss.p14));
  }
  std::string operator()(const EveryNthLoss& loss) const {
    return fmt::format("loss every {}", loss.every);
  }
  std::string operator()(const ListedLoss& loss) const {
    return fmt::format("loss packets {}", fmt::join(loss.numbers, " "));
  }
};

}  // namespace

bool read_shape(StageTokens& tokens, DelayDescription& delay) {
  for (const ShapeName& known : kShapes) {
    if (!tokens.take(known.name)) continue;
    delay.config.shape = known.shape;
    if (known.shape == JitterShape::kTable)
      delay.table_file.name = tokens.take_text("a file in netem's .dist format");
    return true;
  }
  return false;
}

std::string print_shape(JitterShape shape) {
  for (const ShapeName& known : kShapes)
    if (known.shape == shape) return std::string(known.name);
  return "";
}

DelayDescription read_delay(StageTokens& tokens) {
  DelayDescription delay;
  DelayConfig& config = delay.config;
  config.delay_ns = tokens.take_duration("a time such as 20ms");
  const bool has_jitter = tokens.has_number();
  if (has_jitter) {
    config.jitter_ns = tokens.take_duration("the jitter, a time such as 2ms");
    if (tokens.has_ratio()) config.jitter_correlation = tokens.take_ratio(kProbability);
    read_shape(tokens, delay);
  }
  for (;;) {
    if (tokens.take("ordered"))
      config.keep_order = true;
    else if (tokens.take("reorder"))
      config.reorder = read_reorder(tokens);
    else
      break;
  }
  if (tokens.at_end()) return delay;
  tokens.refuse_next(has_jitter
                         ? "uniform, normal, pareto, paretonormal, table FILE, ordered, reorder"
                         : "the jitter, a time such as 2ms; ordered, reorder");
}

std::string print_stage(const DelayDescription& delay) {
  const DelayConfig& config = delay.config;
  std::string text = "delay " + print_duration(config.delay_ns);
  const bool has_shape = config.shape != JitterShape::kUniform;
  if (config.jitter_ns != 0 || config.jitter_correlation != 0 || has_shape) {
    text += " " + print_duration(config.jitter_ns) + print_correlation(config.jitter_correlation);
    if (has_shape) text += " " + print_shape(config.shape);
    if (config.shape == JitterShape::kTable) text += " " + print_token(delay.table_file.name);
  }
  if (config.keep_order) text += " ordered";
  if (config.reorder != ReorderConfig{}) {
    text += " reorder " + print_ratio(config.reorder.probability) +
            print_correlation(config.reorder.correlation);
    if (config.reorder.gap != 1) text += fmt::format(" gap {}", config.reorder.gap);
  }
  return text;
}

LossConfig read_loss(StageTokens& tokens) {
  if (tokens.take("gemodel")) return read_gilbert_elliott(tokens);
  if (tokens.take("state")) return read_four_state(tokens);
  if (tokens.take("every"))
    return EveryNthLoss{tokens.take_count("a count of packets", 1, kMaxNumber)};
  if (tokens.take("packets")) return read_listed(tokens);
  tokens.take("random");
  if (!tokens.has_number())
    tokens.refuse_next("a percentage such as 0.1%, or gemodel, state, every, packets");
  BernoulliLoss loss;
  loss.probability = tokens.take_ratio(kProbability);
  if (tokens.has_ratio()) loss.correlation = tokens.take_ratio(kProbability);
  return loss;
}

std::string print_stage(const LossConfig& loss) {
  return std::visit(LossPrinter{}, loss);
}

DuplicateConfig read_duplicate(StageTokens& tokens) {
  DuplicateConfig config;
  config.probability = tokens.take_ratio(kProbability);
  if (tokens.has_ratio()) config.correlation = tokens.take_ratio(kProbability);
  return config;
}

std::string print_stage(const DuplicateConfig& config) {
  return "duplicate " + print_ratio(config.probability) + print_correlation(config.correlation);
}

CorruptConfig read_corrupt(StageTokens& tokens) {
  CorruptConfig config;
  config.probability = tokens.take_ratio(kProbability);
  if (tokens.has_ratio()) config.correlation = tokens.take_ratio(kProbability);
  for (;;) {
    if (tokens.take("bits"))
      config.bits = static_cast<std::uint32_t>(tokens.take_count("a count of bits", 1, 10'000));
    else if (tokens.take("valid-checksum") || tokens.take("mended"))  // as version 0.1 has it
      config.keep_checksum_valid = true;
    else
      return config;
  }
}

std::string print_stage(const CorruptConfig& config) {
  std::string text =
      "corrupt " + print_ratio(config.probability) + print_correlation(config.correlation);
  if (config.bits != 1) text += fmt::format(" bits {}", config.bits);
  if (config.keep_checksum_valid) text += " valid-checksum";
  return text;
}

}  // namespace tunrelay
