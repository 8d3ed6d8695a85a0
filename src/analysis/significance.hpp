// SPDX-License-Identifier: MIT
// Between a p-value and the normal distribution's z, and what serial dependence does to both.
// Rank tests take samples for independent. Measurements of one host in a row are not: they drift
// together, so that n of them are worth less than n. `variance_inflation` says how much less, and
// the same discount then goes into the p-value and into the confidence interval.
#pragma once

#include <span>

namespace tunrelay {

/// The two-sided p-value of Z standard deviations.
[[nodiscard]] double p_of_z(double z);
/// The z, 0 or more, whose two-sided p-value is P (over 0, at most 1).
[[nodiscard]] double z_of_p(double p);

/// By which factor the variance of a mean of VALUES, in the order of time, exceeds that of as
/// many independent ones: (1 + r) / (1 - r), as of a first-order autoregressive series (Bartlett
/// 1946), where r is the autocorrelation of the ranks at distance one, so that outliers don't
/// hide it, freed of its bias in short series (Marriott and Pope 1954).
/// At least 1: a negative r, the rule after alternating rounds, is not taken as a gift.
/// Of fewer than 10 values it is 1, since they can't show it.
[[nodiscard]] double variance_inflation(std::span<const double> values);

/// What the p-value P becomes when the variance is INFLATION (1 or more) times the assumed one.
[[nodiscard]] double discounted_p(double p, double inflation);
/// The inverse: the p-value that becomes P by the discount. An interval made for it misses the
/// truth with probability P.
[[nodiscard]] double undiscounted_p(double p, double inflation);

}  // namespace tunrelay
