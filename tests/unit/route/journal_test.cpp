// SPDX-License-Identifier: MIT
// The journal as a file: who may have it, and who is refused. Root.
#include "route/apply/journal.hpp"

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>

#include "journal_samples.hpp"
#include "os/netns.hpp"
#include "support/private_network.hpp"
#include "support/process.hpp"
#include "support/refused_calls.hpp"

namespace tunrelay::test {
namespace {

using ::testing::HasSubstr;

/// With /run of its own.
class JournalFileTest : public PrivateNetwork {};

TEST_F(JournalFileTest, MakesItsDirectoryForItsUserAlone) {
  Journal journal(JournalDirectory::open(), "test", false);
  struct stat status {};
  ASSERT_EQ(::stat(kJournalDirectory, &status), 0);
  EXPECT_EQ(status.st_mode & 07777U, 0700U);
  EXPECT_EQ(journal.path(), std::string(kJournalDirectory) + "/" +
                                std::to_string(current_netns_inode()) + "-test.journal");
  ASSERT_EQ(::stat(journal.path().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777U, 0600U);
  journal.destroy();
  EXPECT_TRUE(std::filesystem::is_empty(kJournalDirectory));
}

TEST_F(JournalFileTest, EveryRecordIsThereWhenItReturns) {
  Journal journal(JournalDirectory::open(), "test", false);
  std::size_t lines = 1;
  for (const Step& step : all_kinds_of_steps()) {
    EXPECT_EQ(journal.record(step), lines - 1);
    std::ifstream file(journal.path());
    std::size_t found = 0;
    for (std::string line; std::getline(file, line);) ++found;
    EXPECT_EQ(found, ++lines);
  }
}

TEST_F(JournalFileTest, RefusesADirectoryThatIsNotSafe) {
  ASSERT_EQ(::symlink("/tmp", kJournalDirectory), 0);
  EXPECT_THAT(error_of([] { JournalDirectory::open(); }, ExitCode::kFailed),
              HasSubstr(kJournalDirectory));
  ASSERT_EQ(::unlink(kJournalDirectory), 0);

  ASSERT_EQ(::mkdir(kJournalDirectory, 0700), 0);
  ASSERT_EQ(::chmod(kJournalDirectory, 0770), 0);
  EXPECT_THAT(error_of([] { JournalDirectory::open(); }), HasSubstr("others may write there"));

  ASSERT_EQ(::chmod(kJournalDirectory, 0700), 0);
  ASSERT_EQ(::chown(kJournalDirectory, 65534, 0), 0);
  EXPECT_THAT(error_of([] { JournalDirectory::open(); }), HasSubstr("it belongs to user 65534"));
}

TEST_F(JournalFileTest, RefusesAJournalThatIsALink) {
  const auto directory = JournalDirectory::open();
  const std::string name = JournalDirectory::journal_name(current_netns_inode(), "test");
  ASSERT_EQ(::symlink("/run/target", (directory.path() + "/" + name).c_str()), 0);
  EXPECT_THAT(error_of([] { Journal(JournalDirectory::open(), "test", false); }, ExitCode::kFailed),
              HasSubstr(name));
  EXPECT_FALSE(std::filesystem::exists("/run/target"));
}

TEST_F(JournalFileTest, LeavesNoFileWhenItCantBegin) {
  for (const long call : {__NR_ftruncate, __NR_fdatasync, __NR_fsync})
    run_without({{call, EIO}}, [] {
      EXPECT_THAT(
          error_of([] { Journal(JournalDirectory::open(), "test", false); }, ExitCode::kFailed),
          HasSubstr("EIO"));
    });
  EXPECT_TRUE(std::filesystem::is_empty(kJournalDirectory));
}

TEST_F(JournalFileTest, SaysSoWhenItCantBeRemoved) {
  Journal journal(JournalDirectory::open(), "test", false);
  run_without({{__NR_unlinkat, EROFS}}, [&] { EXPECT_EQ(journal.destroy(), EROFS); });
  EXPECT_EQ(journal.destroy(), 0);
}

TEST_F(JournalFileTest, SaysSoWhenItCantWrite) {
  const auto directory = JournalDirectory::open();
  output_of({"mount", "-t", "tmpfs", "-o", "ro,mode=700", "none", kJournalDirectory});
  EXPECT_THAT(error_of([] { Journal(JournalDirectory::open(), "test", false); }, ExitCode::kFailed),
              HasSubstr("EROFS"));
}

TEST_F(JournalFileTest, AFullFileSystemLeavesAJournalThatCanBeRead) {
  const auto directory = JournalDirectory::open();
  output_of({"mount", "-t", "tmpfs", "-o", "size=4k,mode=700", "none", kJournalDirectory});
  Journal journal(JournalDirectory::open(), "test", false);
  const Step step = all_kinds_of_steps()[4];
  std::size_t written = 0;
  EXPECT_THAT(error_of(
                  [&] {
                    for (;; ++written) journal.record(step);
                  },
                  ExitCode::kFailed),
              HasSubstr("ENOSPC"));
  ASSERT_GT(written, 0U);
  const auto contents = JournalReader(journal.directory(), journal.name()).read();
  ASSERT_TRUE(contents);
  EXPECT_EQ(contents->steps.size(), written);
}

TEST_F(JournalFileTest, ASecondOwnerIsRefusedWhileTheFirstLives) {
  Journal first(JournalDirectory::open(), "test", false);
  EXPECT_THAT(error_of([] { Journal(JournalDirectory::open(), "test", false); }),
              HasSubstr("it runs already, as process " + std::to_string(::getpid())));
  Journal other(JournalDirectory::open(), "other", false);  // another name is another tunnel
}

TEST_F(JournalFileTest, ALeftoverMustBeUndoneFirst) {
  {
    Journal killed(JournalDirectory::open(), "test", false);
    killed.record(all_kinds_of_steps()[5]);
  }
  EXPECT_THAT(error_of([] { Journal(JournalDirectory::open(), "test", false); }),
              HasSubstr("tunrelay cleanup"));
  {
    Journal kept(JournalDirectory::open(), "kept", true);
    kept.mark_complete();
  }
  EXPECT_THAT(error_of([] { Journal(JournalDirectory::open(), "kept", false); }),
              HasSubstr("tunrelay routes remove --name kept"));
}

TEST_F(JournalFileTest, APieceOfAHeaderIsNoLeftover) {
  const auto directory = JournalDirectory::open();
  const std::string name = JournalDirectory::journal_name(current_netns_inode(), "test");
  std::ofstream(directory.path() + "/" + name) << R"({"record":"hea)";
  const Journal journal(JournalDirectory::open(), "test", false);
  const auto contents = JournalReader(journal.directory(), name).read();
  ASSERT_TRUE(contents);
  EXPECT_TRUE(is_of_this_netns(contents->header));
}

TEST_F(JournalFileTest, NamesThatAreNoFilesNamesAreRefused) {
  for (const char* name : {"", "a/b", "a b", "\n"})
    error_of([&] { Journal(JournalDirectory::open(), name, false); }, ExitCode::kUsage);
}

}  // namespace
}  // namespace tunrelay::test
