// SPDX-License-Identifier: MIT
// A private network for tests of emulated links: the flag for a link whose text has blanks, by
// way of a file.
#pragma once

#include <string>

#include "support/private_network.hpp"
#include "support/temporary_folder.hpp"

namespace tunrelay::test {

class LinkedNetwork : public PrivateNetwork {
 protected:
  /// The flag for a link of these stages.
  std::string link_flag(const std::string& a_to_b, const std::string& b_to_a = "") {
    return "--link " +
           folder_.write("link.toml", "a-to-b = '" + a_to_b + "'\nb-to-a = '" + b_to_a + "'\n");
  }
  TemporaryFolder folder_;
};

}  // namespace tunrelay::test
