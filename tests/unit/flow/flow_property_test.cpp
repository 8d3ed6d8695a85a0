// SPDX-License-Identifier: MIT
// Random connections across a lossy link: FlowTable counts what a naive reference counts that
// remembers every number of the stream.
#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

#include "support/flow_script.hpp"
#include "support/random.hpp"

namespace tunrelay {
namespace {

TEST(FlowPropertyTest, CountsWhatTheNaiveReferenceCounts) {
  test::SeededRandom random;
  for (std::size_t round = 0; round < test::scaled(3000); ++round) {
    // Half of the streams go round at 2^32.
    const auto initial = static_cast<std::uint32_t>(
        random.chance(0.5) ? UINT32_MAX - random.between(0, 500) : random.between(0, UINT32_MAX));
    std::vector<std::uint8_t> script(random.between(1, 300));
    for (std::uint8_t& choice : script) choice = static_cast<std::uint8_t>(random.between(0, 255));
    ASSERT_EQ(test::FlowScript(initial).play(script), "")
        << "round " << round << ", seed " << random.seed();
  }
}

}  // namespace
}  // namespace tunrelay
