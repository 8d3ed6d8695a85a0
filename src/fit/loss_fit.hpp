// SPDX-License-Identifier: MIT
// How losses are fitted: by the model of those at hand that says most with least.
#pragma once

#include <vector>

#include "stage/loss_config.hpp"

namespace tunrelay {

struct LossFit {
  LossConfig model;  ///< BernoulliLoss or GilbertElliottLoss
  double log_likelihood = 0;
  double independent_log_likelihood = 0;  ///< of BernoulliLoss with the same rate
  double rate = 0;                        ///< that was measured, 0 to 1
  double mean_burst = 0;        ///< losses in a row, that was measured; 0: there were none
  double model_mean_burst = 0;  ///< what the model has instead
};

/// The model with the least Bayesian information criterion (Schwarz, 1978) of three, each by
/// maximum likelihood: independent losses; Gilbert's, by counting transitions; Gilbert and
/// Elliott's, by Baum and Welch's iteration. LOST: at least one packet.
[[nodiscard]] LossFit fit_loss(const std::vector<bool>& lost);

}  // namespace tunrelay
