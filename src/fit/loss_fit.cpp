// SPDX-License-Identifier: MIT
#include "fit/loss_fit.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "base/ensure.hpp"

namespace tunrelay {
namespace {

/// COUNT * ln(RATIO), which is 0 where nothing is counted.
double weighted_log(double count, double ratio) {
  return count == 0 ? 0 : count * std::log(ratio);
}

/// What is counted in a sequence of fates.
struct FateCounts {
  explicit FateCounts(const std::vector<bool>& lost) : packets(static_cast<double>(lost.size())) {
    for (std::size_t at = 0; at < lost.size(); ++at) {
      if (lost[at]) losses += 1;
      if (lost[at] && (at == 0 || !lost[at - 1])) bursts += 1;
      if (at == 0) continue;
      pairs[lost[at - 1] ? 1 : 0][lost[at] ? 1 : 0] += 1;
    }
  }

  double packets = 0;
  double losses = 0;
  double bursts = 0;
  std::array<std::array<double, 2>, 2> pairs{};  ///< by the fate before and this one's
};

double independent_likelihood(const FateCounts& counts) {
  const double rate = counts.losses / counts.packets;
  return weighted_log(counts.losses, rate) + weighted_log(counts.packets - counts.losses, 1 - rate);
}

/// In its bad state all is lost, in its good one nothing: the states are seen, and counting is
/// maximum likelihood.
GilbertElliottLoss gilbert(const FateCounts& counts) {
  GilbertElliottLoss model;
  const double good = counts.pairs[0][0] + counts.pairs[0][1];
  const double bad = counts.pairs[1][0] + counts.pairs[1][1];
  model.to_bad = good == 0 ? 0 : counts.pairs[0][1] / good;
  model.to_good = bad == 0 ? 1 : counts.pairs[1][0] / bad;
  return model;
}

/// One pass of Baum and Welch's iteration over LOST: MODEL becomes a likelier one.
class BaumWelch {
 public:
  explicit BaumWelch(const std::vector<bool>& lost)
      : lost_(lost), forward_(lost.size()), scale_(lost.size()) {}

  /// The logarithm of MODEL's likelihood, before it was changed.
  double improve(GilbertElliottLoss& model) {
    change_.clear_to(model);
    const double likelihood = pass_forward();
    pass_back(model);
    return likelihood;
  }

 private:
  using States = std::array<double, 2>;  ///< good, bad

  struct Model {
    void clear_to(const GilbertElliottLoss& model) {
      move = {{{1 - model.to_bad, model.to_bad}, {model.to_good, 1 - model.to_good}}};
      loss = {model.loss_in_good, model.loss_in_bad};
    }
    [[nodiscard]] double fate(std::size_t state, bool is_lost) const {
      return is_lost ? loss[state] : 1 - loss[state];
    }
    std::array<States, 2> move{};
    States loss{};
  };

  double pass_forward() {
    double likelihood = 0;
    // As the stage does, from the good state.
    States before{1, 0};
    for (std::size_t at = 0; at < lost_.size(); ++at) {
      States& now = forward_[at];
      for (std::size_t state = 0; state < 2; ++state) {
        const double reached =
            at == 0 ? before[state]
                    : before[0] * change_.move[0][state] + before[1] * change_.move[1][state];
        now[state] = reached * change_.fate(state, lost_[at]);
      }
      scale_[at] = std::max(now[0] + now[1], 1e-300);
      for (double& share : now) share /= scale_[at];
      likelihood += std::log(scale_[at]);
      before = now;
    }
    return likelihood;
  }

  void pass_back(GilbertElliottLoss& model) {
    States after{1, 1};
    std::array<States, 2> moved{};
    States visits{};
    States losses{};
    for (std::size_t at = lost_.size(); at-- > 0;) {
      for (std::size_t state = 0; state < 2; ++state) {
        const double share = forward_[at][state] * after[state];
        visits[state] += share;
        if (lost_[at]) losses[state] += share;
      }
      if (at == 0) break;
      States earlier{};
      for (std::size_t from = 0; from < 2; ++from)
        for (std::size_t to = 0; to < 2; ++to) {
          const double step =
              change_.move[from][to] * change_.fate(to, lost_[at]) * after[to] / scale_[at];
          earlier[from] += step;
          moved[from][to] += forward_[at - 1][from] * step;
        }
      after = earlier;
    }
    const auto ratio = [](double part, double whole) {
      return whole <= 0 ? 0 : std::clamp(part / whole, 0.0, 1.0);
    };
    model.to_bad = ratio(moved[0][1], moved[0][0] + moved[0][1]);
    model.to_good = ratio(moved[1][0], moved[1][0] + moved[1][1]);
    model.loss_in_good = ratio(losses[0], visits[0]);
    model.loss_in_bad = ratio(losses[1], visits[1]);
  }

  const std::vector<bool>& lost_;
  Model change_;
  std::vector<States> forward_;
  std::vector<double> scale_;
};

/// The likeliest that is found from where MODEL is.
double iterate(const std::vector<bool>& lost, GilbertElliottLoss& model) {
  constexpr int kMaxPasses = 300;
  constexpr double kEnough = 1e-6;
  BaumWelch iteration(lost);
  double likelihood = 0;
  for (int pass = 0; pass < kMaxPasses; ++pass) {
    GilbertElliottLoss next = model;
    const double reached = iteration.improve(next);
    if (pass != 0 && reached - likelihood < kEnough) return reached;
    likelihood = reached;
    model = next;
  }
  return likelihood;
}

/// Losses in a row in the long run. A loss's successor is lost too with a probability that follows
/// from how likely each state is after a loss.
double mean_burst_of(const GilbertElliottLoss& model) {
  const double sum = model.to_bad + model.to_good;
  const double bad = sum == 0 ? 0 : model.to_bad / sum;
  const double rate = (1 - bad) * model.loss_in_good + bad * model.loss_in_bad;
  if (rate == 0) return 0;
  const double bad_at_loss = bad * model.loss_in_bad / rate;
  const double bad_next = bad_at_loss * (1 - model.to_good) + (1 - bad_at_loss) * model.to_bad;
  const double lost_next = (1 - bad_next) * model.loss_in_good + bad_next * model.loss_in_bad;
  return lost_next >= 1 ? INFINITY : 1 / (1 - lost_next);
}

}  // namespace

LossFit fit_loss(const std::vector<bool>& lost) {
  ensure(!lost.empty(), "losses are fitted to packets");
  const FateCounts counts(lost);
  LossFit fit;
  fit.rate = counts.losses / counts.packets;
  fit.mean_burst = counts.bursts == 0 ? 0 : counts.losses / counts.bursts;
  fit.independent_log_likelihood = independent_likelihood(counts);
  fit.model = BernoulliLoss{fit.rate, 0};
  fit.log_likelihood = fit.independent_log_likelihood;
  fit.model_mean_burst = fit.rate == 0 || fit.rate == 1 ? fit.mean_burst : 1 / (1 - fit.rate);
  if (counts.losses == 0 || counts.losses == counts.packets) return fit;
  const double per_parameter = std::log(counts.packets);
  double least = per_parameter - 2 * fit.log_likelihood;
  const auto consider = [&](const GilbertElliottLoss& model, double likelihood, double parameters) {
    const double criterion = parameters * per_parameter - 2 * likelihood;
    if (!(criterion < least)) return;
    least = criterion;
    fit.model = model;
    fit.log_likelihood = likelihood;
    fit.model_mean_burst = mean_burst_of(model);
  };
  GilbertElliottLoss seen = gilbert(counts);
  // The likelihood alone: a pass changes nothing where states are seen.
  GilbertElliottLoss unchanged = seen;
  if (!lost.front()) consider(seen, BaumWelch(lost).improve(unchanged), 2);
  GilbertElliottLoss hidden{.to_bad = std::clamp(seen.to_bad / 2, 1e-4, 0.5),
                            .to_good = std::clamp(seen.to_good / 2, 1e-3, 0.5),
                            .loss_in_bad = 0.6,
                            .loss_in_good = fit.rate / 10};
  const double likelihood = iterate(lost, hidden);
  consider(hidden, likelihood, 4);
  return fit;
}

}  // namespace tunrelay
