// SPDX-License-Identifier: MIT
// Which stages a tunnel's packets meet, and in which order.
#include "tunnel/tunnel_stages.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <string>
#include <vector>

#include "link/stage_text.hpp"

namespace tunrelay {
namespace {

using Names = std::vector<std::string>;

std::array<Names, kDirections> stage_names(TunnelStages& stages) {
  stages.load();
  std::array<Names, kDirections> names;
  const StageSpecs specs = stages.make(1, 1500);
  for (std::size_t direction = 0; direction < kDirections; ++direction)
    for (const StageSpec& spec : specs.at(direction))
      names.at(direction).emplace_back(spec.make(0)->name());
  return names;
}

TEST(TunnelStages, NothingIsAskedForNothingStandsThere) {
  const TunnelOptions options;
  TunnelStages stages(options);
  for (const Names& names : stage_names(stages)) EXPECT_EQ(names, Names{});
  EXPECT_FALSE(stages.want_one_queue());
}

TEST(TunnelStages, TheTraceComesFirstAndTheBurnLast) {
  TunnelOptions options;
  options.trace = true;
  options.trace_file = stderr;
  options.burn_ratio = 0.1;
  options.link.directions[0] = parse_stages({"delay 1ms, loss 1%", "a"});
  options.link.directions[1] = parse_stages({"loss 2%", "b"});
  TunnelStages stages(options);
  const auto names = stage_names(stages);
  EXPECT_EQ(names[0], (Names{"trace", "delay", "loss", "burn"}));
  EXPECT_EQ(names[1], (Names{"trace", "loss"})) << "a worker serves both directions";
  TunnelReport report;
  stages.fill_in(report);
  EXPECT_EQ(report.link.directions[0].size(), 2U);
}

}  // namespace
}  // namespace tunrelay
