// SPDX-License-Identifier: MIT
// From the arguments of --stage to a loaded library, and what is said of one that does not do.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <memory>
#include <string>

#include <tunrelay/stage.hpp>

#include "plugin/user_stages.hpp"
#include "support/temporary_folder.hpp"
#include "support/thrown_error.hpp"

namespace tunrelay::test {
namespace {

using ::testing::HasSubstr;

std::string library_file(const std::string& name) {
  return TUNRELAY_TEST_STAGES "/lib" + name + ".so";
}

Error library_refusal(const std::string& file) {
  return thrown_error([&] { return std::make_unique<StageLibrary>(StageRequest{file, {}}); });
}

TEST(StageRequestTest, LibraryAndOptions) {
  EXPECT_EQ(StageRequest::parse("./a.so"), (StageRequest{"./a.so", {}}));
  EXPECT_EQ(
      StageRequest::parse("./a.so,loss=3,name=x=y,loud,empty="),
      (StageRequest{"./a.so", {{"loss", "3"}, {"name", "x=y"}, {"loud", "1"}, {"empty", ""}}}));
  for (const char* arguments : {"", ",a=1", "./a.so,", "./a.so,,a=1", "./a.so,=1"})
    EXPECT_EQ(thrown_error([&] { return StageRequest::parse(arguments); }).exit_code(),
              ExitCode::kUsage)
        << arguments;
}

TEST(StageLibraryTest, AFitOneIsLoaded) {
  const StageLibrary library(StageRequest{library_file("fit"), {}});
  EXPECT_EQ(library.name(), "fit");
  UserStages stages({{library_file("fit"), {}}});
  EXPECT_EQ(stages.wants_one_queue(), "fit");
  stages.stand_at(LinkType::kIp, 1, 1500);
  const auto makers = stages.make();
  for (const UserStageSpecs& direction : makers) {
    EXPECT_EQ(direction.before_link.size(), 1U);
    EXPECT_EQ(direction.after_link.size(), 1U);
  }
}

TEST(StageLibraryTest, ANameIsNotLookedForWhereTheEnvironmentSays) {
  // libm is where every program finds it.
  const Error error = library_refusal("libm.so.6");
  EXPECT_EQ(error.exit_code(), ExitCode::kUsage);
  EXPECT_THAT(error.what(), HasSubstr("no slash"));
  EXPECT_THAT(error.what(), HasSubstr("write ./libm.so.6"));
}

TEST(StageLibraryTest, APipeIsRefusedUnopened) {
  const TemporaryFolder folder;
  const std::string pipe = folder / "libpipe.so";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_THAT(library_refusal(pipe).what(), HasSubstr(pipe + ": it is not a regular file"));
}

TEST(StageLibraryTest, AnotherVersionIsNamedWithOurs) {
  const Error error = library_refusal(library_file("other_version"));
  EXPECT_EQ(error.exit_code(), ExitCode::kUsage);
  EXPECT_THAT(error.what(), HasSubstr("version 99"));
  EXPECT_THAT(error.what(),
              HasSubstr(fmt::format("this program has {}", TUNRELAY_STAGE_ABI_VERSION)));
}

TEST(StageLibraryTest, BeforeVersionFourAllThatComesIsTaken) {
  tunrelay_stage_descriptor descriptor = plugin::describe<plugin::Endpoint>(
      "takes nothing", plugin::Access::kLooksAtSuperPackets, plugin::Pairs::kEachQueue);
  EXPECT_EQ(descriptor.from_device, nullptr);
  EXPECT_NO_THROW(StageLibrary(StageRequest{"built in", {}, &descriptor}));
  descriptor.abi_version = 3;
  EXPECT_THROW(StageLibrary(StageRequest{"built in", {}, &descriptor}), Error);
}

TEST(StageLibraryTest, WhatIsNoStageIsRefused) {
  EXPECT_THAT(library_refusal(library_file("no_symbol")).what(), HasSubstr("exports no symbol"));
  EXPECT_THAT(library_refusal(library_file("other_symbol")).what(), HasSubstr("something else"));
  EXPECT_THAT(library_refusal(library_file("missing_function")).what(),
              HasSubstr("nobody_has_this"));
  EXPECT_THAT(library_refusal("/nowhere/libmine.so").what(), HasSubstr("No such file"));
  EXPECT_THAT(library_refusal("libmine-of-nobody.so").what(), HasSubstr("./libmine-of-nobody.so"));
  const TemporaryFolder folder;
  const std::string text = folder.write(
      "text.so", "this is not a library, but it is long enough to be looked at as one\n");
  EXPECT_THAT(library_refusal(text).what(), HasSubstr("ELF"));
}

}  // namespace
}  // namespace tunrelay::test
