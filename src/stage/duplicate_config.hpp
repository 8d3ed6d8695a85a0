// SPDX-License-Identifier: MIT
// The options of the stage `duplicate`.
#pragma once

namespace tunrelay {

/// tc-netem(8) `duplicate 1% 25%`, of wire segments. The copy comes right behind.
struct DuplicateConfig {
  double probability = 0;  ///< 0 to 1
  double correlation = 0;  ///< 0 to 1: how much a decision follows the one before

  bool operator==(const DuplicateConfig&) const = default;
};

}  // namespace tunrelay
