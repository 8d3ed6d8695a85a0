// SPDX-License-Identifier: MIT
// Loads that can't be sent are refused before anything is opened.
#include "gen/load_spec.hpp"

#include <gtest/gtest.h>

#include "base/error.hpp"

namespace tunrelay {
namespace {

TEST(LoadSpecTest, PortsEndWithTheLast) {
  LoadSpec spec;
  spec.first_port = 65'534;
  spec.flows = 2;
  EXPECT_NO_THROW(check_load_spec(spec));
  EXPECT_EQ(spec.port(1), 65'535);
  spec.flows = 3;
  EXPECT_THROW(check_load_spec(spec), Error);
}

TEST(LoadSpecTest, WithoutAFirstPortTheHostChoosesAll) {
  LoadSpec spec;
  spec.flows = 10'000;
  EXPECT_NO_THROW(check_load_spec(spec));
  EXPECT_EQ(spec.port(9'999), 0);
}

}  // namespace
}  // namespace tunrelay
