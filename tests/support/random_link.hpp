// SPDX-License-Identifier: MIT
// Random descriptions of a link: every stage with every argument that it knows.
#pragma once

#include <algorithm>
#include <string>

#include "link/description.hpp"
#include "support/random.hpp"

namespace tunrelay::test {

class RandomLink {
 public:
  explicit RandomLink(SeededRandom& random) : random_(random) {}

  StageList stages() {
    StageList list(random_.between(1, 4));
    for (StageDescription& stage : list) {
      stage.choice = choice();
      if (random_.chance(0.3)) stage.filter = text();
    }
    return list;
  }

 private:
  std::int64_t duration() {
    const std::int64_t unit =
        std::array<std::int64_t, 4>{1, 1'000, 1'000'000, 1'000'000'000}[random_.between(0, 3)];
    return unit * static_cast<std::int64_t>(random_.between(0, 2000));
  }
  double ratio() {
    if (random_.chance(0.3)) return static_cast<double>(random_.between(0, 100)) / 100;
    return static_cast<double>(random_.between(0, UINT64_MAX)) / static_cast<double>(UINT64_MAX);
  }
  std::string text() {
    if (random_.chance(0.05)) return "if";
    constexpr std::string_view kLetters = "abc/.,\"\\ if53%-";
    std::string letters(random_.between(1, 12), ' ');
    for (char& letter : letters) letter = kLetters[random_.between(0, kLetters.size() - 1)];
    return letters;
  }
  std::uint32_t small() { return static_cast<std::uint32_t>(random_.between(1, 1000)); }

  StageChoice choice() {
    switch (random_.between(0, 9)) {
      case 0:
        return delay();
      case 1:
        return loss();
      case 2:
        return DuplicateConfig{ratio(), random_.chance(0.5) ? ratio() : 0};
      case 3:
        return CorruptConfig{ratio(), random_.chance(0.5) ? ratio() : 0, small(),
                             random_.chance(0.5)};
      case 4:
        return bottleneck();
      case 5:
        return MtuConfig{static_cast<std::uint32_t>(random_.between(68, 65535)),
                         random_.between(0, 1) == 1};
      case 6:
        return policer();
      case 7:
        return slot();
      case 8:
        return random_.chance(0.3) ? TrafficClassChange{.mask = 3, .value = 0} : dscp();
      default:
        return outage();
    }
  }
  TrafficClassChange dscp() {
    return {.mask = 0xfc, .value = static_cast<std::uint8_t>(random_.between(0, 63) << 2U)};
  }
  PolicerConfig policer() {
    PolicerConfig config;
    config.bits_per_s = small() * 1000U;
    config.burst_bytes = small();
    config.wire.overhead_bytes = static_cast<std::int32_t>(small()) - 500;
    if (random_.chance(0.3)) config.beyond = dscp();
    if (random_.chance(0.3)) config.beyond = {.mask = 3, .value = 3};
    return config;
  }
  SlotDescription slot() {
    SlotDescription slot;
    SlotConfig& config = slot.config;
    config.by_distribution = random_.chance(0.5);
    if (config.by_distribution) {
      config.distribution.shape = static_cast<JitterShape>(random_.between(0, 4));
      config.distribution.delay_ns = duration() + 1;
      config.distribution.jitter_ns = duration();
      if (config.distribution.shape == JitterShape::kTable) slot.table_file.name = text();
    } else {
      config.min_ns = duration();
      config.max_ns = config.min_ns + duration() + 1;
    }
    if (random_.chance(0.5)) config.packets = small();
    if (random_.chance(0.5)) config.bytes = small();
    return slot;
  }
  DelayDescription delay() {
    DelayDescription delay;
    delay.config.delay_ns = duration();
    if (random_.chance(0.7)) {
      delay.config.jitter_ns = duration();
      if (random_.chance(0.5)) delay.config.jitter_correlation = ratio();
      delay.config.shape = static_cast<JitterShape>(random_.between(0, 4));
      if (delay.config.shape == JitterShape::kTable) delay.table_file.name = text();
    }
    delay.config.keep_order = random_.chance(0.3);
    if (random_.chance(0.3)) delay.config.reorder = {ratio(), ratio(), small()};
    return delay;
  }
  LossConfig loss() {
    switch (random_.between(0, 4)) {
      case 0:
        return BernoulliLoss{ratio(), random_.chance(0.5) ? ratio() : 0};
      case 1:
        return GilbertElliottLoss{ratio(), ratio(), ratio(), ratio()};
      case 2:
        return FourStateLoss{ratio(), ratio(), ratio(), ratio(), ratio()};
      case 3:
        return EveryNthLoss{small()};
      default:
        break;
    }
    ListedLoss listed;
    for (std::uint64_t number = 0; listed.numbers.size() < random_.between(1, 9);)
      listed.numbers.push_back(number += small());
    return listed;
  }
  BottleneckDescription bottleneck() {
    BottleneckDescription link;
    link.pace = static_cast<BottleneckDescription::Pace>(random_.between(0, 2));
    const bool is_trace = link.pace == BottleneckDescription::Pace::kTrace;
    if (link.pace == BottleneckDescription::Pace::kRate)
      link.bits_per_s = small() * (random_.chance(0.5) ? 1'000'000U : 1U);
    else
      link.file.name = text();
    if (!is_trace && random_.chance(0.5)) link.burst_bytes = small();
    link.wire.overhead_bytes = static_cast<std::int32_t>(small()) - 500;
    if (random_.chance(0.5)) {
      link.wire.cell_bytes = small();
      link.wire.cell_overhead_bytes = small() - 1;
    }
    link.queue = queue();
    return link;
  }
  QueueConfig queue() {
    QueueConfig queue;
    queue.kind = static_cast<QueueKind>(random_.between(0, 7));
    if (queue.kind != QueueKind::kInfinite) {
      queue.limit_unit = static_cast<QueueLimitUnit>(random_.between(0, 2));
      queue.limit = small();
    }
    switch (queue.kind) {
      case QueueKind::kDropTail:
      case QueueKind::kDropHead:
      case QueueKind::kInfinite:
        return queue;
      case QueueKind::kFqCodel:
        queue.flows = small();
        queue.quantum_bytes = 255 + small();
        break;
      case QueueKind::kRed:
        queue.min_bytes = small();
        queue.max_bytes = queue.min_bytes + small();
        queue.probability = ratio();
        break;
      case QueueKind::kDualPi2:
        queue.step_ns = duration();
        break;
      default:
        break;
    }
    if (queue.kind != QueueKind::kDualPi2) queue.ecn = random_.chance(0.5);
    queue.target_ns = duration();
    queue.interval_ns = duration();
    return queue;
  }
  OutageConfig outage() {
    OutageConfig config;
    if (random_.chance(0.5)) {
      config.up_ns = duration();
      config.down_ns = duration() + 1;
    }
    do {
      config.outages.push_back({duration(), duration()});
    } while (random_.chance(0.4));
    return config;
  }

  SeededRandom& random_;
};

}  // namespace tunrelay::test
