// SPDX-License-Identifier: MIT
// Where metrics are asked for, as the user writes it.
#include "exporter/metrics_address.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/thrown_error.hpp"

namespace tunrelay {
namespace {

using ::testing::HasSubstr;

TEST(MetricsAddress, IsTheLoopbacksUnlessItSaysMore) {
  EXPECT_EQ(MetricsAddress::parse("9469").to_string(), "127.0.0.1:9469");
  EXPECT_EQ(MetricsAddress::parse(":0").to_string(), "127.0.0.1:0");
  EXPECT_EQ(MetricsAddress::parse("192.0.2.1:65535").to_string(), "192.0.2.1:65535");
  EXPECT_EQ(MetricsAddress::parse("[::1]:80").to_string(), "[::1]:80");
  const MetricsAddress path = MetricsAddress::parse("unix:/run/a:b");
  EXPECT_EQ(path.path, "/run/a:b");
  EXPECT_EQ(path.to_string(), "unix:/run/a:b");
}

TEST(MetricsAddress, RefusesWhatItCanNotBe) {
  for (const char* text : {"", ":", "port", "65536", "-1", "127.0.0.1:", "1.2.3:80", "::1:80",
                           "[127.0.0.1]:80", "[::1]", "localhost:80", "unix:", " 80", "80 "}) {
    const Error error = test::thrown_error([text] { return MetricsAddress::parse(text); });
    EXPECT_EQ(error.exit_code(), ExitCode::kUsage) << text;
    EXPECT_THAT(error.what(), HasSubstr("unix:PATH")) << text;
  }
}

}  // namespace
}  // namespace tunrelay
