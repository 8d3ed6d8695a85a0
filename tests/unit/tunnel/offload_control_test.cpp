// SPDX-License-Identifier: MIT
// What is switched off after a finding of the self-test, and in which order.
#include "tunnel/offload_control.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace tunrelay {
namespace {

using Part = SelfTestFinding::Part;

OffloadState all_on() {
  return {.offloads = {true, true, true, true, true}, .merge = {MergeRules{}, MergeRules{}}};
}

/// What is on after one finding in PART after another, until nothing is left to switch off.
std::vector<std::string> states_after_findings(Part part) {
  std::vector<std::string> states;
  for (auto state = without_suspect(all_on(), part); state; state = without_suspect(*state, part))
    states.push_back(state->offloads.to_string() + ", " + std::string(to_string(state->merge[0])) +
                     ", " + std::string(to_string(state->merge[1])));
  return states;
}

TEST(OffloadControl, SuspectsTheLeastFirst) {
  EXPECT_EQ(states_after_findings(Part::kUdpSegment),
            (std::vector<std::string>{"csum tso4 tso6 tso-ecn, TCP and UDP, TCP and UDP",
                                      "csum tso4 tso6 tso-ecn, TCP alone, TCP alone",
                                      "none, TCP alone, TCP alone", "none, none, none"}));
  EXPECT_EQ(states_after_findings(Part::kMergedUdp),
            (std::vector<std::string>{"csum tso4 tso6 tso-ecn uso, TCP alone, TCP alone",
                                      "none, TCP alone, TCP alone", "none, none, none"}));
  EXPECT_EQ(states_after_findings(Part::kTcp),
            (std::vector<std::string>{"none, TCP and UDP, TCP and UDP", "none, none, none"}));
}

TEST(OffloadControl, OneDeviceThatMergesIsEnoughToBeSuspected) {
  OffloadState state{.offloads = {}, .merge = {kNoMerging, MergeRules{}}};
  EXPECT_TRUE(state.any());
  state = without_suspect(state, Part::kMergedUdp).value();
  EXPECT_EQ(to_string(state.merge[1]), "TCP alone");
  state = without_suspect(state, Part::kMergedUdp).value();
  EXPECT_FALSE(state.any());
  EXPECT_FALSE(without_suspect(state, Part::kMergedUdp).has_value());
}

}  // namespace
}  // namespace tunrelay
