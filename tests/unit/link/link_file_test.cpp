// SPDX-License-Identifier: MIT
// Links as files: what is read, what is refused with its place, and the profiles.
#include "link/link_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.hpp"
#include "link/stage_text.hpp"
#include "support/temporary_folder.hpp"

namespace tunrelay::test {
namespace {

std::string link_refusal(std::string_view toml) {
  try {
    static_cast<void>(parse_link(toml, "mine.toml"));
  } catch (const Error& error) {
    EXPECT_EQ(error.exit_code(), ExitCode::kUsage);
    return error.what();
  }
  return "it was taken";
}

TEST(LinkFile, StagesAreATextOrAnArray) {
  const NamedLink link = parse_link(
      "summary = \"two words\"\nseed = 7\na-to-b = \"delay 20ms, loss 1%\"\n"
      "b-to-a = [\"delay 5ms\", \"mtu 1400, loss 2%\"]\n",
      "mine.toml");
  EXPECT_EQ(link.summary, "two words");
  EXPECT_EQ(link.description.seed, 7U);
  EXPECT_EQ(print_stages(link.description.directions[0]), "delay 20ms, loss 1%");
  EXPECT_EQ(print_stages(link.description.directions[1]), "delay 5ms, mtu 1400, loss 2%");
}

TEST(LinkFile, RefusalsTellLineAndPlace) {
  EXPECT_THAT(link_refusal("a-to-b = [\"delay 20ms\",\n  \"los 1%\"]"),
              ::testing::HasSubstr("mine.toml:2:3: 'los' is not a stage\n    los 1%\n    ^^^\n"));
  EXPECT_THAT(link_refusal("a-to-b = 5"), ::testing::HasSubstr("mine.toml:1:10: stages are"));
  EXPECT_THAT(link_refusal("\nup = \"x\""), ::testing::HasSubstr("mine.toml:2:6: 'up' is not"));
  EXPECT_THAT(link_refusal("seed = -1"), ::testing::HasSubstr("whole number"));
  EXPECT_THAT(link_refusal("a-to-b = "), ::testing::HasSubstr("mine.toml:1:"));
}

TEST(LinkFile, NamedFilesStandBesideTheLinksFile) {
  const TemporaryFolder folder;
  const std::string file =
      folder.write("mine.toml", "a-to-b = \"trace up.trace, trace /srv/down.trace\"");
  const StageList stages = load_link(file).description.directions[0];
  EXPECT_EQ(std::get<BottleneckDescription>(stages[0].choice).file.name, folder / "up.trace");
  EXPECT_EQ(std::get<BottleneckDescription>(stages[1].choice).file.name, "/srv/down.trace");
}

TEST(LinkFile, EveryProfileIsReadBothWaysAndSaysWhatItIs) {
  EXPECT_EQ(link_profiles().size(), 6U);
  for (const LinkProfile& profile : link_profiles()) {
    const NamedLink link = load_link(std::string(profile.name));
    EXPECT_FALSE(link.summary.empty()) << profile.name;
    for (const StageList& stages : link.description.directions)
      EXPECT_FALSE(stages.empty()) << profile.name;
  }
  try {
    static_cast<void>(load_link("5g"));
    FAIL() << "it was found";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), ::testing::HasSubstr("3g, datacentre, dsl, lte, satellite, wifi"));
  }
}

}  // namespace
}  // namespace tunrelay::test
