// SPDX-License-Identifier: MIT
// Files written as a whole: what stays when writing fails, links and modes kept, special
// files written in place, and errors that name the file.
#include "os/whole_file.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include "os/file_descriptor.hpp"
#include "support/pending_stop.hpp"
#include "support/skip.hpp"
#include "support/small_disk.hpp"
#include "support/temporary_folder.hpp"
#include "support/thrown_error.hpp"

namespace tunrelay::test {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

mode_t mode_of(const std::string& path) {
  struct stat found {};
  EXPECT_EQ(::stat(path.c_str(), &found), 0) << path;
  return found.st_mode & 07777U;
}

TEST(WholeFileTest, ReplacesAndLeavesNothingElse) {
  const TemporaryFolder folder;
  const std::string path = folder / "result.json";
  replace_file(path, "first");
  EXPECT_EQ(content_of(path), "first");
  replace_file(path, "");
  EXPECT_EQ(content_of(path), "");
  EXPECT_EQ(folder.files(), 1U);
}

TEST(WholeFileTest, GivesNewFilesTheUsersModeAndKeepsThatOfOldOnes) {
  const TemporaryFolder folder;
  const mode_t before = ::umask(027);
  replace_file(folder / "new", "x");
  ::umask(before);
  EXPECT_EQ(mode_of(folder / "new"), 0640U);

  const std::string old = folder.write("old", "x");
  ASSERT_EQ(::chmod(old.c_str(), 0604), 0);
  replace_file(old, "y");
  EXPECT_EQ(mode_of(old), 0604U);
}

TEST(WholeFileTest, FollowsALink) {
  const TemporaryFolder folder;
  const std::string target = folder.write("target", "old");
  const std::string link = folder / "link";
  std::filesystem::create_symlink(target, link);
  replace_file(link, "new");
  EXPECT_EQ(content_of(target), "new");
  EXPECT_TRUE(std::filesystem::is_symlink(link));
}

TEST(WholeFileTest, WritesAPipeInPlace) {
  int ends[2] = {-1, -1};
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  const FileDescriptor reader(ends[0]);
  const FileDescriptor writer(ends[1]);
  const std::string path = "/dev/fd/" + std::to_string(writer.get());
  check_replaceable(path);
  replace_file(path, "text");
  char got[16] = {};
  EXPECT_EQ(::read(reader.get(), got, sizeof got), 4);
  EXPECT_STREQ(got, "text");
}

TEST(WholeFileTest, ASignalEndsTheWaitForAPipesReader) {
  const TemporaryFolder folder;
  const std::string pipe = folder / "pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  const PendingStop stop;
  EXPECT_EQ(thrown_error([&] { replace_file(pipe, "text"); }).system_errno(), EINTR);
  // A reader that does not read: the pipe is full after 64 KiB.
  const FileDescriptor reader(::open(pipe.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  EXPECT_EQ(thrown_error([&] { replace_file(pipe, std::string(100'000, 'x')); }).system_errno(),
            EINTR);
}

TEST(WholeFileTest, AppendsToAFileThatIsOpenAlready) {
  const TemporaryFolder folder;
  const std::string path = folder.write("log", "before\n");
  const FileDescriptor file(::open(path.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC));
  replace_file("/proc/self/fd/" + std::to_string(file.get()), "after\n");
  EXPECT_EQ(content_of(path), "before\nafter\n");
}

TEST(WholeFileTest, NamesTheFileWhenTheDeviceIsFull) {
  struct stat before {};
  ASSERT_EQ(::stat("/dev/full", &before), 0);
  const Error full = thrown_error([] { replace_file("/dev/full", "x"); });
  EXPECT_THAT(full.what(), StartsWith("could not write /dev/full: No space left"));
  struct stat after {};
  ASSERT_EQ(::stat("/dev/full", &after), 0);
  EXPECT_EQ(after.st_rdev, before.st_rdev) << "the device was replaced";
}

TEST(WholeFileTest, KeepsTheOldTextWhenTheDiskIsFull) {
  if (::geteuid() != 0) return skip_or_fail("a file system of its own needs root");
  const SmallDisk disk;
  const TemporaryFolder& folder = disk.folder();
  const std::string path = folder / "result.json";
  replace_file(path, "measured so far");
  const Error full = thrown_error([&] { replace_file(path, std::string(100'000, 'x')); });
  EXPECT_EQ(full.system_errno(), ENOSPC);
  EXPECT_THAT(full.what(), StartsWith("could not write " + path + ": No space left"));
  EXPECT_EQ(content_of(path), "measured so far");
  EXPECT_EQ(folder.files(), 1U) << "a piece stayed";
  replace_file(path, "and on");
  EXPECT_EQ(content_of(path), "and on");
}

TEST(WholeFileTest, ReportsBeforehandWhatCannotBeWritten) {
  const TemporaryFolder folder;
  const std::string path = folder.write("old", "old");
  check_replaceable(path);
  check_replaceable(folder / "new");
  EXPECT_EQ(content_of(path), "old");
  EXPECT_EQ(folder.files(), 1U);
  EXPECT_THAT(thrown_error([&] { check_replaceable(folder / "no/such/place"); }).what(),
              StartsWith("could not write " + (folder / "no/such/place") + ": No such file"));
  EXPECT_THAT(thrown_error([&] { check_replaceable(folder.path()); }).what(), HasSubstr("EISDIR"));
}

}  // namespace
}  // namespace tunrelay::test
