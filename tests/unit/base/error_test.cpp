// SPDX-License-Identifier: MIT
// What an error says, and which exit code it leads to.
#include "base/error.hpp"

#include <gtest/gtest.h>

#include <cerrno>
#include <string>

namespace tunrelay {
namespace {

Error thrown_by(auto call) {
  try {
    call();
  } catch (const Error& error) {
    return error;
  }
  ADD_FAILURE() << "nothing was thrown";
  return Error({});
}

TEST(Error, NamesAttemptObjectAnswerAndWayOut) {
  const Error error =
      thrown_by([] { throw_system_error(EACCES, "open", "/dev/net/tun", "run as root"); });
  EXPECT_STREQ(error.what(),
               "could not open /dev/net/tun: Permission denied (EACCES)\n  hint: run as root");
  EXPECT_EQ(error.system_errno(), EACCES);
}

TEST(Error, DistinguishesAnUnsupportedHostFromAFailure) {
  const auto code = [](int number) {
    return thrown_by([number] { throw_system_error(number, "try", "it"); }).exit_code();
  };
  for (int number : {EPERM, EACCES, ENOENT, ENODEV, EBUSY, EEXIST, ENOSYS})
    EXPECT_EQ(code(number), ExitCode::kUnsupported) << number;
  for (int number : {EINVAL, EIO, ENOMEM}) EXPECT_EQ(code(number), ExitCode::kFailed) << number;
}

TEST(Error, UsageIsItsOwnExitCode) {
  EXPECT_EQ(thrown_by([] { throw_usage_error("read", "'x'", "no"); }).exit_code(),
            ExitCode::kUsage);
}

TEST(Error, CheckPassesGoodResultsOn) {
  EXPECT_EQ(check_system_call(7, "count to", "seven"), 7);
}

TEST(Error, AnUnknownErrnoIsStillNamed) {
  EXPECT_EQ(describe_errno(9999), "error 9999");
}

}  // namespace
}  // namespace tunrelay
