// SPDX-License-Identifier: MIT
// From what was measured of a real link to a description that behaves like it: its delays as an
// empirical table, its losses as the model of those at hand that says most with least.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "stage/delay_config.hpp"
#include "stage/loss_config.hpp"

namespace tunrelay {

/// Round trips by sequence number; none: no answer came.
using RoundTrips = std::vector<std::optional<std::int64_t>>;

/// What `ping` of iputils prints ("icmp_seq=7 ... time=23.4 ms"), from the first number to the last
/// that was answered or, where ping says how many it has sent, to the last of those. A second
/// answer to the same number is left out. Throws a usage Error. NAME: what to call the text.
[[nodiscard]] RoundTrips parse_ping(std::string_view text, const std::string& name);

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

struct DelayFit {
  DelayConfig config;  ///< JitterShape::kTable, with its table; without jitter where there was none
  /// The largest difference of the two distributions (Kolmogorov and Smirnov), 0 to 1.
  double distance = 0;
};

/// DELAYS_NS: at least one.
[[nodiscard]] DelayFit fit_delay(std::vector<std::int64_t> delays_ns);

/// A link file: `ping` does not say which way a packet was lost or late, so the way there has half
/// of the shortest round trip, and the way back all the rest. TABLE_FILE: where the table of
/// delay_table_text() will stand. FROM: what was measured, for the reader.
struct LinkFit {
  std::string toml;
  std::string table;  ///< empty: there is no jitter
  std::size_t packets = 0;
  std::size_t answers = 0;
  DelayFit delay;  ///< of the way back
  LossFit loss;    ///< the same
};
[[nodiscard]] LinkFit fit_link(const RoundTrips& round_trips, const std::string& from,
                               const std::string& table_file);

}  // namespace tunrelay
