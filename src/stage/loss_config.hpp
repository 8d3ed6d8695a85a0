// SPDX-License-Identifier: MIT
// The options of the stage `loss`: one of five models; plain data, each with
// tc-netem(8)'s meaning where netem has it. All probabilities are from 0 to 1, and all of
// them are of wire segments.
#pragma once

#include <cstdint>
#include <variant>
#include <vector>

namespace tunrelay {

/// Each segment by itself: `loss 1%`, `loss random 1% 25%`.
struct BernoulliLoss {
  double probability = 0;
  /// How much a decision follows the one before. As with netem, whose rule it is, hits then become
  /// rarer than PROBABILITY where that is below a half.
  double correlation = 0;

  bool operator==(const BernoulliLoss&) const = default;
};

/// `loss gemodel p r 1-h 1-k`: a good and a bad state, each with a loss of its own. A segment
/// meets the state that the one before has left.
struct GilbertElliottLoss {
  double to_bad = 0;        ///< p
  double to_good = 1;       ///< r; netem's default is 1 - p
  double loss_in_bad = 1;   ///< 1-h
  double loss_in_good = 0;  ///< 1-k

  bool operator==(const GilbertElliottLoss&) const = default;
};

/// `loss state p13 p31 p32 p23 p14`: 1 gap, segments pass; 2 passes within a burst; 3 losses of
/// a burst; 4 a single loss within a gap, always followed by 1.
struct FourStateLoss {
  double p13 = 0;
  double p31 = 1;  ///< netem's default is 1 - p13
  double p32 = 0;
  double p23 = 1;
  double p14 = 0;

  bool operator==(const FourStateLoss&) const = default;
};

/// Segments EVERY, 2 * EVERY, ... counted from 1.
struct EveryNthLoss {
  std::uint64_t every = 1;  ///< at least 1

  bool operator==(const EveryNthLoss&) const = default;
};

/// Just these segments, counted from 1.
struct ListedLoss {
  std::vector<std::uint64_t> numbers;  ///< rising, each once

  bool operator==(const ListedLoss&) const = default;
};

using LossConfig =
    std::variant<BernoulliLoss, GilbertElliottLoss, FourStateLoss, EveryNthLoss, ListedLoss>;

}  // namespace tunrelay
