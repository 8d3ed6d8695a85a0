// SPDX-License-Identifier: MIT
// Many metrics, many occasions to be wrong: Holm's correction (1979) keeps the probability that any
// of them is called different by chance, whatever the dependence between them.
#pragma once

#include <span>
#include <vector>

namespace tunrelay {

/// The corrected p-values, in the order of P_VALUES: call different what is below alpha, and the
/// probability of a single false call among all of them is at most alpha.
[[nodiscard]] std::vector<double> holm_corrected(std::span<const double> p_values);

}  // namespace tunrelay
