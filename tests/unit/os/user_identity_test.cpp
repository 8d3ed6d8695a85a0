// SPDX-License-Identifier: MIT
// Users by name and number, of the databases of the machine that the test runs on: root is in all.
#include "os/user_identity.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "support/thrown_error.hpp"

namespace tunrelay {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(UserIdentityTest, HasTheGroupsThatTheDatabasesGiveIt) {
  for (const char* text : {"root", "0"}) {
    const UserIdentity root = find_user(text);
    EXPECT_EQ(root.name, text);
    EXPECT_EQ(root.uid, 0U);
    EXPECT_EQ(root.gid, 0U);
    EXPECT_THAT(root.groups, Contains(0U));
  }
}

TEST(UserIdentityTest, AGroupThatIsNamedIsItsOnlyOne) {
  for (const char* text : {"root:61234", "0:61234"}) {
    const UserIdentity root = find_user(text);
    EXPECT_EQ(root.uid, 0U);
    EXPECT_EQ(root.gid, 61234U);
    EXPECT_THAT(root.groups, ElementsAre(61234U));
  }
  EXPECT_EQ(find_user("61234:root").gid, 0U);
  EXPECT_EQ(find_user("61234:61235").uid, 61234U);
}

TEST(UserIdentityTest, RefusalsAreUsageErrorsThatNameWhatIsMissing) {
  for (const char* text : {"nosuchuser", "", ":0", "-1", "4294967295", "4294967296:0", "0x10"}) {
    const Error error = test::thrown_error([&] { return find_user(text); });
    EXPECT_EQ(error.exit_code(), ExitCode::kUsage) << text;
    EXPECT_THAT(error.what(), HasSubstr("could not find the user '")) << text;
    EXPECT_NE(error.parts().hint, "");
  }
  for (const char* text : {"root:nosuchgroup", "root:", "root:4294967295", "root:0:0"}) {
    const Error error = test::thrown_error([&] { return find_user(text); });
    EXPECT_EQ(error.exit_code(), ExitCode::kUsage) << text;
    EXPECT_THAT(error.what(), HasSubstr("could not find the group '")) << text;
  }
  EXPECT_THAT(test::thrown_error([] { return find_user("61234"); }).what(),
              AllOf(HasSubstr("no group"), HasSubstr("61234:GID")));
}

}  // namespace
}  // namespace tunrelay
