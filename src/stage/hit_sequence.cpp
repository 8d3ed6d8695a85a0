// SPDX-License-Identifier: MIT
#include "stage/hit_sequence.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "base/ensure.hpp"
#include "stage/correlated_draw.hpp"

namespace tunrelay {
namespace {

constexpr std::uint64_t kNoHit = std::numeric_limits<std::uint64_t>::max();
// What a stage draws random numbers for; jitter and bits have others (delay.cpp, corrupt.cpp).
constexpr std::uint8_t kChoicePurpose = 0;

/// Independent draws: how many segments lie between two hits is drawn, so that what is not hit
/// costs nothing. The gaps of a Bernoulli process are geometric.
class GeometricHits final : public HitSequence {
 public:
  GeometricHits(double probability, const ImpairmentKey& key)
      : stream_(key, kChoicePurpose),
        log_of_miss_(std::log1p(-std::clamp(probability, 0.0, 1.0))),
        hit_(probability <= 0 ? kNoHit : gap()) {}

  [[nodiscard]] std::uint64_t next(std::uint64_t from, std::uint64_t end) noexcept override {
    while (hit_ < from) {
      const std::uint64_t behind = hit_ + 1;
      const std::uint64_t missed = gap();
      hit_ = missed > kNoHit - behind ? kNoHit : behind + missed;
    }
    return std::min(hit_, end);
  }

 private:
  /// Segments before the next hit.
  [[nodiscard]] std::uint64_t gap() noexcept {
    constexpr double kTwoTo53 = 9007199254740992.0;
    const auto words = stream_.at(gaps_++);
    const std::uint64_t bits = (std::uint64_t{words[0]} << 32 | words[1]) >> 11;
    // From the least positive number to 1, so that its logarithm exists.
    const double random = (static_cast<double>(bits) + 1) / kTwoTo53;
    const double missed = std::log(random) / log_of_miss_;
    constexpr double kMax = 1e18;
    return missed >= kMax ? static_cast<std::uint64_t>(kMax) : static_cast<std::uint64_t>(missed);
  }

  RandomStream stream_;
  double log_of_miss_;
  std::uint64_t gaps_ = 0;
  std::uint64_t hit_;
};

/// A process with a memory: DECIDE(number) is called for each segment in turn.
template <typename Decide>
class StepwiseHits final : public HitSequence {
 public:
  explicit StepwiseHits(Decide decide) : decide_(std::move(decide)) {}

  [[nodiscard]] std::uint64_t next(std::uint64_t from, std::uint64_t end) noexcept override {
    while (undecided_ < end) {
      const std::uint64_t number = undecided_++;
      if (decide_(number) && number >= from) return number;
    }
    return end;
  }

 private:
  Decide decide_;
  std::uint64_t undecided_ = 0;
};

/// loss_gilb_ell() of net/sched/sch_netem.c: the state changes first, the loss is the old one's.
class GilbertElliott {
 public:
  GilbertElliott(const GilbertElliottLoss& config, const ImpairmentKey& key)
      : stream_(key, kChoicePurpose),
        leave_{threshold_of(config.to_bad), threshold_of(config.to_good)},
        lose_{threshold_of(config.loss_in_good), threshold_of(config.loss_in_bad)} {}

  bool operator()(std::uint64_t number) noexcept {
    const auto random = stream_.at(number);
    const std::size_t state = state_;
    if (random[0] < leave_[state]) state_ = 1 - state;
    return random[1] < lose_[state];
  }

 private:
  RandomStream stream_;
  std::array<std::uint64_t, 2> leave_;  ///< by state: 0 good, 1 bad
  std::array<std::uint64_t, 2> lose_;
  std::size_t state_ = 0;
};

/// loss_4state() of net/sched/sch_netem.c: a segment is lost when its state is one of loss.
class FourStates {
 public:
  FourStates(const FourStateLoss& config, const ImpairmentKey& key)
      : stream_(key, kChoicePurpose),
        p13_(threshold_of(config.p13)),
        p31_(threshold_of(config.p31)),
        p32_(threshold_of(config.p32)),
        p23_(threshold_of(config.p23)),
        p14_(threshold_of(config.p14)) {}

  bool operator()(std::uint64_t number) noexcept {
    const std::uint64_t random = stream_.at(number)[0];
    switch (state_) {
      case State::kGap:
        if (random < p14_)
          state_ = State::kLostInGap;
        else if (random < p14_ + p13_)
          state_ = State::kLostInBurst;
        break;
      case State::kBurst:
        if (random < p23_) state_ = State::kLostInBurst;
        break;
      case State::kLostInBurst:
        if (random < p32_)
          state_ = State::kBurst;
        else if (random < p32_ + p31_)
          state_ = State::kGap;
        break;
      case State::kLostInGap:
        state_ = State::kGap;
        break;
    }
    return state_ == State::kLostInGap || state_ == State::kLostInBurst;
  }

 private:
  enum class State : std::uint8_t { kGap, kBurst, kLostInBurst, kLostInGap };

  RandomStream stream_;
  std::uint64_t p13_;
  std::uint64_t p31_;
  std::uint64_t p32_;
  std::uint64_t p23_;
  std::uint64_t p14_;
  State state_ = State::kGap;
};

/// netem_enqueue(): after one that overtook, GAP - 1 don't; then each may.
class Overtaking {
 public:
  Overtaking(const ReorderConfig& config, const ImpairmentKey& key)
      : draw_(RandomStream(key, kChoicePurpose), config.correlation),
        threshold_(threshold_of(config.probability)),
        gap_(config.gap) {}

  bool operator()(std::uint64_t number) noexcept {
    if (++since_last_ < gap_ || draw_.draw(number) >= threshold_) return false;
    since_last_ = 0;
    return true;
  }

 private:
  CorrelatedDraw draw_;
  std::uint64_t threshold_;
  std::uint64_t gap_;
  std::uint64_t since_last_ = 0;
};

/// Numbers as the configurations have them: from 1.
class ListedHits final : public HitSequence {
 public:
  explicit ListedHits(std::vector<std::uint64_t> numbers) : numbers_(std::move(numbers)) {
    ensure(std::is_sorted(numbers_.begin(), numbers_.end()), "a list of losses rises");
  }
  [[nodiscard]] std::uint64_t next(std::uint64_t from, std::uint64_t end) noexcept override {
    while (at_ < numbers_.size() && numbers_[at_] <= from) ++at_;
    return at_ == numbers_.size() ? end : std::min(numbers_[at_] - 1, end);
  }

 private:
  std::vector<std::uint64_t> numbers_;
  std::size_t at_ = 0;
};

class EveryNthHits final : public HitSequence {
 public:
  explicit EveryNthHits(std::uint64_t every) : every_(every) {
    ensure(every > 0, "every nth segment is lost, n at least 1");
  }
  [[nodiscard]] std::uint64_t next(std::uint64_t from, std::uint64_t end) noexcept override {
    const std::uint64_t left = every_ - 1 - from % every_;
    return end - from <= left ? end : from + left;
  }

 private:
  std::uint64_t every_;
};

template <typename Decide>
std::unique_ptr<HitSequence> stepwise(Decide decide) {
  return std::make_unique<StepwiseHits<Decide>>(std::move(decide));
}

struct LossHits {
  const ImpairmentKey& key;

  std::unique_ptr<HitSequence> operator()(const BernoulliLoss& loss) const {
    return make_chance_hits(loss.probability, loss.correlation, key);
  }
  std::unique_ptr<HitSequence> operator()(const GilbertElliottLoss& loss) const {
    return stepwise(GilbertElliott(loss, key));
  }
  std::unique_ptr<HitSequence> operator()(const FourStateLoss& loss) const {
    return stepwise(FourStates(loss, key));
  }
  std::unique_ptr<HitSequence> operator()(const EveryNthLoss& loss) const {
    return std::make_unique<EveryNthHits>(loss.every);
  }
  std::unique_ptr<HitSequence> operator()(const ListedLoss& loss) const {
    return std::make_unique<ListedHits>(loss.numbers);
  }
};

}  // namespace

std::unique_ptr<HitSequence> make_chance_hits(double probability, double correlation,
                                              const ImpairmentKey& key) {
  CorrelatedDraw draw(RandomStream(key, kChoicePurpose), correlation);
  if (!draw.is_correlated()) return std::make_unique<GeometricHits>(probability, key);
  return stepwise([draw, threshold = threshold_of(probability)](std::uint64_t number) mutable {
    return draw.draw(number) < threshold;
  });
}

std::unique_ptr<HitSequence> make_loss_hits(const LossConfig& config, const ImpairmentKey& key) {
  return std::visit(LossHits{key}, config);
}

std::unique_ptr<HitSequence> make_reorder_hits(const ReorderConfig& config,
                                               const ImpairmentKey& key) {
  if (config.probability <= 0) return make_chance_hits(0, 0, key);
  return stepwise(Overtaking(config, key));
}

}  // namespace tunrelay
