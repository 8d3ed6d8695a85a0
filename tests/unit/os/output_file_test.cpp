// SPDX-License-Identifier: MIT
// Where root writes: what another user has planted is neither followed nor opened.
#include "os/output_file.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <string>

#include "os/whole_file.hpp"
#include "support/pending_stop.hpp"
#include "support/skip.hpp"
#include "support/temporary_folder.hpp"
#include "support/thrown_error.hpp"

namespace tunrelay::test {
namespace {

using ::testing::HasSubstr;

constexpr uid_t kOther = 1234;
constexpr const char* kTry = "write";

struct stat status_of(const std::string& path) {
  struct stat status {};
  EXPECT_EQ(::lstat(path.c_str(), &status), 0) << path;
  return status;
}

/// A folder as /tmp is, and one of another user's, beside a file of root's that must be kept.
class OutputFileTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) return skip_or_fail("what root writes is written by root");
    std::filesystem::create_directory(shared_);
    std::filesystem::create_directory(theirs_);
    ASSERT_EQ(::chmod(shared_.c_str(), 01777), 0);
    ASSERT_EQ(::chmod(theirs_.c_str(), 0755), 0);
    ASSERT_EQ(::chown(theirs_.c_str(), kOther, kOther), 0);
    precious_ = folder_.write("precious", "precious");
  }
  /// All ways to write to PATH refuse, and say WORDS.
  void expect_refused(const std::string& path, const std::string& cause) const {
    const auto all = {thrown_error([&] { return open_output(path, kTry, kOwnerOnly); }),
                      thrown_error([&] { replace_file(path, "evil"); }),
                      thrown_error([&] { check_replaceable(path); }), thrown_error([&] {
                        return OutputPlace(path, kTry).open(O_WRONLY | O_APPEND);
                      })};
    for (const Error& error : all) {
      EXPECT_EQ(error.exit_code(), ExitCode::kUnsupported);
      EXPECT_THAT(error.what(), HasSubstr(path + ": " + cause));
    }
    EXPECT_EQ(content_of(precious_), "precious");
  }
  /// As the other user would make it.
  static std::string planted_link(const std::string& path, const std::string& target) {
    std::filesystem::create_symlink(target, path);
    EXPECT_EQ(::lchown(path.c_str(), kOther, kOther), 0);
    return path;
  }
  static std::string planted_file(const std::string& path) {
    EXPECT_EQ(::close(::open(path.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600)), 0);
    EXPECT_EQ(::chown(path.c_str(), kOther, kOther), 0);
    return path;
  }

  TemporaryFolder folder_;
  std::string shared_ = folder_ / "shared";
  std::string theirs_ = folder_ / "theirs";
  std::string precious_;
};

TEST_F(OutputFileTest, APlantedLinkIsNotFollowed) {
  const std::string cause = "user 1234 has put a symbolic link there";
  for (const std::string& folder : {shared_, theirs_}) {
    expect_refused(planted_link(folder + "/link", precious_), cause);
    expect_refused(planted_link(folder + "/nowhere", folder_ / "new"), cause);
    const std::string way = planted_link(folder + "/way", folder_.path());
    expect_refused(way + "/precious", cause);
    expect_refused(way + "/new", cause);
  }
  EXPECT_FALSE(std::filesystem::exists(folder_ / "new"));
}

TEST_F(OutputFileTest, APlantedFileIsNotOpened) {
  const std::string cause = "user 1234 has put a file of their own there";
  expect_refused(planted_file(shared_ + "/file"), cause);
  const std::string pipe = shared_ + "/pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0666), 0);
  ASSERT_EQ(::chown(pipe.c_str(), kOther, kOther), 0);
  expect_refused(pipe, cause);
  for (const std::string& folder : {shared_, theirs_}) {
    std::filesystem::create_hard_link(precious_, folder + "/second");
    expect_refused(folder + "/second", "the file has other names (hard links)");
  }
}

TEST_F(OutputFileTest, WhatIsRootsOwnIsWritten) {
  for (const std::string& folder : {shared_, theirs_}) {
    const std::string file = folder + "/new";
    EXPECT_EQ(write_all(open_output(file, kTry, kOwnerOnly).get(), "first"), 0);
    replace_file(file, "second");
    EXPECT_EQ(content_of(file), "second");
    EXPECT_EQ(status_of(file).st_uid, 0U);
    std::filesystem::create_symlink(folder_ / "mine", folder + "/mine");
    replace_file(folder + "/mine", "through " + folder);
    EXPECT_EQ(content_of(folder_ / "mine"), "through " + folder);
  }
}

TEST_F(OutputFileTest, AUsersFileInTheirOwnFolderIsWrittenAndStaysTheirs) {
  const std::string file = planted_file(theirs_ + "/file");
  replace_file(file, "text");
  EXPECT_EQ(content_of(file), "text");
  EXPECT_EQ(status_of(file).st_uid, kOther);
}

TEST_F(OutputFileTest, WhereRootAloneWritesLinksLeadAnywhere) {
  const std::string link = planted_link(folder_ / "link", precious_);
  replace_file(link, "new");
  EXPECT_EQ(content_of(precious_), "new");
  std::filesystem::create_symlink("loop", folder_ / "loop");
  EXPECT_EQ(thrown_error([&] { replace_file(folder_ / "loop", "x"); }).system_errno(), ELOOP);
}

TEST_F(OutputFileTest, ModesAreTheCallersForNewFilesAlone) {
  const std::string file = folder_ / "capture";
  static_cast<void>(open_output(file, kTry, kOwnerOnly));
  EXPECT_EQ(status_of(file).st_mode & 07777U, 0600U);
  ASSERT_EQ(::chmod(file.c_str(), 0644), 0);
  EXPECT_EQ(write_all(open_output(file, kTry, kOwnerOnly).get(), "text"), 0);
  static_cast<void>(open_output(file, kTry, kOwnerOnly));
  EXPECT_EQ(status_of(file).st_mode & 07777U, 0644U);
  EXPECT_EQ(content_of(file), "") << "what was there goes";
}

TEST_F(OutputFileTest, PathsAreFollowedAsTheKernelDoes) {
  const std::string file = folder_.write("a/b/file", "old");
  replace_file(folder_ / "a/./b/../b//file", "new");
  EXPECT_EQ(content_of(file), "new");
  std::filesystem::create_directory_symlink("../a/b", folder_ / "a/up");
  replace_file(folder_ / "a/up/file", "through a link");
  EXPECT_EQ(content_of(file), "through a link");
  EXPECT_EQ(thrown_error([] { replace_file("", "x"); }).system_errno(), ENOENT);
  EXPECT_EQ(thrown_error([] { check_replaceable("/"); }).system_errno(), EISDIR);
  EXPECT_EQ(thrown_error([&] { replace_file(file + "/x", "x"); }).system_errno(), ENOTDIR);
}

TEST_F(OutputFileTest, APipesReaderIsWaitedForAsLongAsIsSaid) {
  const std::string pipe = folder_ / "pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  const auto open_for = [&](std::int64_t patience_ns) {
    return open_output(pipe, kTry, kOwnerOnly, patience_ns);
  };
  EXPECT_EQ(thrown_error([&] { return open_for(0); }).system_errno(), ENXIO);
  {
    const PendingStop stop;
    EXPECT_EQ(thrown_error([&] { return open_for(kNoLimit); }).system_errno(), EINTR);
  }
  const FileDescriptor reader(::open(pipe.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  EXPECT_TRUE(open_for(0).is_open());
}

}  // namespace
}  // namespace tunrelay::test
