// SPDX-License-Identifier: MIT
// What /proc says of this machine and process: an errno that is the system's own where it can't.
#include "os/process.hpp"

#include <gmock/gmock.h>
#include <sys/syscall.h>

#include <cerrno>
#include <utility>

#include "os/thread.hpp"
#include "support/refused_calls.hpp"
#include "support/thrown_error.hpp"

namespace tunrelay::test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

TEST(ProcessFilesTest, NameTheErrnoOfTheSystem) {
  for (const auto& each : {std::pair{EMFILE, "EMFILE"}, std::pair{EACCES, "EACCES"}}) {
    run_without({{__NR_openat, each.first}}, [&each] {
      EXPECT_THAT(thrown_error([] { return boot_id(); }).what(), HasSubstr(each.second));
      EXPECT_THAT(thrown_error([] { return this_process(); }).what(), HasSubstr(each.second));
    });
  }
}

TEST(StartThreadTest, NamesTheThreadAndTheCause) {
  run_without({{__NR_clone3, EAGAIN}, {__NR_clone, EAGAIN}}, [] {
    EXPECT_THAT(thrown_error([] { return start_thread("capture", [] {}); }).what(),
                AllOf(HasSubstr("the thread capture"), HasSubstr("EAGAIN")));
  });
  bool ran = false;
  start_thread("capture", [&] { ran = true; }).join();
  EXPECT_TRUE(ran);
}

}  // namespace
}  // namespace tunrelay::test
