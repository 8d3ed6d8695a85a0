// SPDX-License-Identifier: MIT
// What tunrelay needs of a host, each as a check with its finding and the cure.
#pragma once

#include <string>
#include <vector>

namespace tunrelay {

struct Check {
  enum class Verdict {
    kGood,
    kWarning,  ///< it works, with less
    kMissing,  ///< nothing works without it
  };

  std::string name;  ///< "tun node"
  Verdict verdict = Verdict::kGood;
  std::string finding;  ///< what is there
  std::string cure;     ///< what to do; empty when good
};

/// All checks, in the order in which a newcomer would fix them. Changes nothing on the host.
std::vector<Check> check_host();

}  // namespace tunrelay
