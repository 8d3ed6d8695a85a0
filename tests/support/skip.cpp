// SPDX-License-Identifier: MIT
#include "support/skip.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <string_view>

namespace tunrelay::test {
namespace {

std::string_view environment(const char* name) {
  const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): nobody sets it
  return value == nullptr ? "" : value;
}

}  // namespace

bool skips_are_forbidden() {
  return environment("CI") == "true" || environment("TUNRELAY_NO_SKIP") == "1";
}

void skip_or_fail(const std::string& reason) {
  if (skips_are_forbidden()) FAIL() << "skips are forbidden here, and this can't run: " << reason;
  GTEST_SKIP() << reason;
}

}  // namespace tunrelay::test
