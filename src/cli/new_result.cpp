// SPDX-License-Identifier: MIT
#include "cli/new_result.hpp"

#include "base/build_info.hpp"
#include "base/utc.hpp"
#include "cli/git_commit.hpp"
#include "cli/version.hpp"
#include "result/environment.hpp"

namespace tunrelay {

Result new_result(const std::string& suite) {
  Result result;
  result.suite = suite;
  result.started_utc = utc_now();
  result.environment = describe_environment();
  result.environment["tunrelay"] = version_text();
  result.environment["compiler"] = kCompiler;
  if (*kCommit != '\0') result.environment["commit"] = kCommit;
  return result;
}

}  // namespace tunrelay
