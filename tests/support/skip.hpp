// SPDX-License-Identifier: MIT
// A test that can't run says why. Where everything must run (CI, or TUNRELAY_NO_SKIP=1), a
// test that can't run has failed: a skip there would pass for an answer.
#pragma once

#include <string>

namespace tunrelay::test {

/// Whether a skip counts as a failure: CI=true or TUNRELAY_NO_SKIP=1 in the environment.
[[nodiscard]] bool skips_are_forbidden();

/// Marks the running test as skipped, or as failed where skips are forbidden. The test's body
/// goes on: write `return skip_or_fail("...")`.
void skip_or_fail(const std::string& reason);

}  // namespace tunrelay::test
