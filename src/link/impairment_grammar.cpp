// The words of what happens to packets by chance: delay, loss, duplicate, corrupt.
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
constexpr std::size_t kMostListed = 10'000;
constexpr std::uint64_t kMostNumber = std::uint64_t{1} << 53U;

const char* const kProbability = "a percentage such as 0.1%";

/// The percentages that follow, at most as many as VALUES; those that are missing stay.
template <std::size_t kCount>
void read_ratios(StageWords& words, const std::array<double*, kCount>& values) {
  for (double* value : values) {
    if (!words.has_ratio()) return;
    *value = words.take_ratio(kProbability);
  }
}

/// " 25%", or nothing for 0.
std::string print_correlation(double correlation) {
  return correlation == 0 ? "" : " " + print_ratio(correlation);
}

ReorderConfig read_reorder(StageWords& words) {
  ReorderConfig reorder;
  reorder.probability = words.take_ratio(kProbability);
  if (words.has_ratio()) reorder.correlation = words.take_ratio(kProbability);
  if (words.take("gap"))
    reorder.gap = static_cast<std::uint32_t>(words.take_count("a count of packets", 1, 1'000'000));
  return reorder;
}

bool read_shape(StageWords& words, DelayDescription& delay) {
  for (const ShapeName& known : kShapes) {
    if (!words.take(known.name)) continue;
    delay.config.shape = known.shape;
    if (known.shape == JitterShape::kTable)
      delay.table_file.name = words.take_text("a file in netem's .dist format");
    return true;
  }
  return false;
}

LossConfig read_gilbert_elliott(StageWords& words) {
  GilbertElliottLoss loss;
  loss.to_bad = words.take_ratio(kProbability);
  loss.to_good = 1 - loss.to_bad;
  read_ratios(words, std::array{&loss.to_good, &loss.loss_in_bad, &loss.loss_in_good});
  return loss;
}

LossConfig read_four_state(StageWords& words) {
  FourStateLoss loss;
  loss.p13 = words.take_ratio(kProbability);
  loss.p31 = 1 - loss.p13;
  read_ratios(words, std::array{&loss.p31, &loss.p32, &loss.p23, &loss.p14});
  return loss;
}

LossConfig read_listed(StageWords& words) {
  const std::string example = "numbers of packets, rising, from 1";
  ListedLoss loss;
  do {
    loss.numbers.push_back(words.take_count(example, 1, kMostNumber));
    const std::size_t count = loss.numbers.size();
    if (count > 1 && loss.numbers[count - 2] >= loss.numbers[count - 1])
      words.refuse_last("the numbers must rise", "write " + example);
    if (count > kMostListed)
      words.refuse_last("these are too many", fmt::format("write at most {}", kMostListed));
  } while (words.has_number());
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

DelayDescription read_delay(StageWords& words) {
  DelayDescription delay;
  DelayConfig& config = delay.config;
  config.delay_ns = words.take_duration("a time such as 20ms");
  const bool has_jitter = words.has_number();
  if (has_jitter) {
    config.jitter_ns = words.take_duration("the jitter, a time such as 2ms");
    if (words.has_ratio()) config.jitter_correlation = words.take_ratio(kProbability);
    read_shape(words, delay);
  }
  for (;;) {
    if (words.take("ordered"))
      config.keep_order = true;
    else if (words.take("reorder"))
      config.reorder = read_reorder(words);
    else
      break;
  }
  if (words.at_end()) return delay;
  words.refuse_next(has_jitter
                        ? "uniform, normal, pareto, paretonormal, table FILE, ordered, reorder"
                        : "the jitter, a time such as 2ms; ordered, reorder");
}

std::string print_stage(const DelayDescription& delay) {
  const DelayConfig& config = delay.config;
  std::string text = "delay " + print_duration(config.delay_ns);
  const bool has_shape = config.shape != JitterShape::kUniform;
  if (config.jitter_ns != 0 || config.jitter_correlation != 0 || has_shape) {
    text += " " + print_duration(config.jitter_ns) + print_correlation(config.jitter_correlation);
    for (const ShapeName& known : kShapes)
      if (has_shape && known.shape == config.shape) text += " " + std::string(known.name);
    if (config.shape == JitterShape::kTable) text += " " + print_word(delay.table_file.name);
  }
  if (config.keep_order) text += " ordered";
  if (config.reorder != ReorderConfig{}) {
    text += " reorder " + print_ratio(config.reorder.probability) +
            print_correlation(config.reorder.correlation);
    if (config.reorder.gap != 1) text += fmt::format(" gap {}", config.reorder.gap);
  }
  return text;
}

LossConfig read_loss(StageWords& words) {
  if (words.take("gemodel")) return read_gilbert_elliott(words);
  if (words.take("state")) return read_four_state(words);
  if (words.take("every"))
    return EveryNthLoss{words.take_count("a count of packets", 1, kMostNumber)};
  if (words.take("packets")) return read_listed(words);
  words.take("random");
  if (!words.has_number())
    words.refuse_next("a percentage such as 0.1%, or gemodel, state, every, packets");
  BernoulliLoss loss;
  loss.probability = words.take_ratio(kProbability);
  if (words.has_ratio()) loss.correlation = words.take_ratio(kProbability);
  return loss;
}

std::string print_stage(const LossConfig& loss) {
  return std::visit(LossPrinter{}, loss);
}

DuplicateConfig read_duplicate(StageWords& words) {
  DuplicateConfig config;
  config.probability = words.take_ratio(kProbability);
  if (words.has_ratio()) config.correlation = words.take_ratio(kProbability);
  return config;
}

std::string print_stage(const DuplicateConfig& config) {
  return "duplicate " + print_ratio(config.probability) + print_correlation(config.correlation);
}

CorruptConfig read_corrupt(StageWords& words) {
  CorruptConfig config;
  config.probability = words.take_ratio(kProbability);
  if (words.has_ratio()) config.correlation = words.take_ratio(kProbability);
  for (;;) {
    if (words.take("bits"))
      config.bits = static_cast<std::uint32_t>(words.take_count("a count of bits", 1, 10'000));
    else if (words.take("mended"))
      config.mend_checksum = true;
    else
      return config;
  }
}

std::string print_stage(const CorruptConfig& config) {
  std::string text =
      "corrupt " + print_ratio(config.probability) + print_correlation(config.correlation);
  if (config.bits != 1) text += fmt::format(" bits {}", config.bits);
  if (config.mend_checksum) text += " mended";
  return text;
}

}  // namespace tunrelay
