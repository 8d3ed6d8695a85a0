// SPDX-License-Identifier: MIT
// Files that get line after line: what stands in them at each moment, also on a disk that was full.
#include "os/append_only_file.hpp"

#include <gmock/gmock.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <vector>

#include "support/skip.hpp"
#include "support/small_disk.hpp"
#include "support/temporary_folder.hpp"

namespace tunrelay::test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::StartsWith;

class AppendOnlyFileTest : public ::testing::Test {
 protected:
  void add(AppendOnlyFile& file, const std::string& text) {
    file.add_or_report(text, [&](const Error& error) { told_.emplace_back(error.what()); });
  }

  std::vector<std::string> told_;
};

TEST_F(AppendOnlyFileTest, HoldsAllThatWasAddedAtAnyMoment) {
  const TemporaryFolder folder;
  const std::string path = folder.write("log", "another's");
  AppendOnlyFile file(path);
  EXPECT_EQ(content_of(path), "another's");
  add(file, "one\n");
  EXPECT_EQ(content_of(path), "one\n");
  add(file, "two\n");
  EXPECT_EQ(content_of(path), "one\ntwo\n");
  EXPECT_EQ(file.text(), "one\ntwo\n");
  EXPECT_THAT(told_, IsEmpty());
}

TEST_F(AppendOnlyFileTest, CatchesUpWhenTheDiskHasRoomAgain) {
  if (::geteuid() != 0) return skip_or_fail("a file system of its own needs root");
  const SmallDisk disk;
  const std::string path = disk.folder() / "log";
  const std::string other = disk.folder().write("other", std::string(40'000, 'o'));
  const std::string line = std::string(9'999, 'x') + "\n";
  std::string all;
  AppendOnlyFile file(path);
  for (int count = 0; count < 4; ++count) {
    add(file, line);
    all += line;
  }
  EXPECT_THAT(told_, ElementsAre(StartsWith("could not add to " + path + ": No space left")))
      << "once, not for each line";
  EXPECT_THAT(all, StartsWith(content_of(path)));
  EXPECT_EQ(content_of(path).size() % line.size(), 0U) << "a piece of a line stayed";
  EXPECT_EQ(file.text(), all);
  std::filesystem::remove(other);
  add(file, line);
  EXPECT_EQ(content_of(path), all + line);
  EXPECT_EQ(told_.size(), 1U);
}

TEST_F(AppendOnlyFileTest, ReportsAFileThatWasTakenAway) {
  const TemporaryFolder folder;
  const std::string path = folder / "log";
  AppendOnlyFile file(path);
  add(file, "one\n");
  std::filesystem::remove(path);
  add(file, "two\n");
  EXPECT_THAT(told_, ElementsAre(StartsWith("could not add to " + path + ": No such file")));
  EXPECT_EQ(file.text(), "one\ntwo\n");
}

}  // namespace
}  // namespace tunrelay::test
