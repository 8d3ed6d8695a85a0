// SPDX-License-Identifier: MIT
// Files that are read: every byte, a bound on their size, pipes that are waited for and signals
// that end the wait, and errors that name the file.
#include "os/input_file.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <string>
#include <thread>

#include "os/interruptible.hpp"
#include "support/pending_stop.hpp"
#include "support/temporary_folder.hpp"
#include "support/thrown_error.hpp"

namespace tunrelay::test {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr std::size_t kMax = 1000;

TEST(InputFileTest, ReadsEveryByte) {
  const TemporaryFolder folder;
  const std::string text("a\0b\n\n", 5);
  EXPECT_EQ(read_whole_file(folder.write("x", text), "read", kMax), text);
  EXPECT_EQ(read_whole_file(folder.write("empty", ""), "read", kMax), "");
}

TEST(InputFileTest, RefusesWhatCannotBeReadAsAUsageError) {
  const TemporaryFolder folder;
  const std::string missing = folder / "missing";
  const Error absent = thrown_error([&] { return read_whole_file(missing, "read it", 9); });
  EXPECT_EQ(absent.exit_code(), ExitCode::kUsage);
  EXPECT_THAT(absent.what(), StartsWith("could not read it " + missing + ": No such file"));
  const Error is_folder =
      thrown_error([&] { return read_whole_file(folder.path(), "read", kMax); });
  EXPECT_THAT(is_folder.what(), HasSubstr("EISDIR"));
}

TEST(InputFileTest, RefusesWhatIsTooLarge) {
  const TemporaryFolder folder;
  const std::string exact = folder.write("exact", std::string(kMax, 'x'));
  EXPECT_EQ(read_whole_file(exact, "read", kMax).size(), kMax);
  for (const std::string& path :
       {folder.write("more", std::string(kMax + 1, 'x')), std::string("/dev/zero")}) {
    const Error large = thrown_error([&] { return read_whole_file(path, "read", kMax); });
    EXPECT_EQ(large.exit_code(), ExitCode::kUsage);
    EXPECT_THAT(large.what(), HasSubstr("it has over 1000 B"));
  }
}

TEST(InputFileTest, WaitsForAPipesWriterToTheEndOfWhatItSays) {
  const TemporaryFolder folder;
  const std::string pipe = folder / "pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  std::thread writer([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    const FileDescriptor file(::open(pipe.c_str(), O_WRONLY | O_CLOEXEC));
    for (const char* part : {"one", "two"}) {
      EXPECT_EQ(::write(file.get(), part, 3), 3);
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
  });
  EXPECT_EQ(read_whole_file(pipe, "read", kMax), "onetwo");
  writer.join();
}

TEST(InputFileTest, ASignalEndsTheWaitForAPipe) {
  const TemporaryFolder folder;
  const std::string pipe = folder / "pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  const PendingStop stop;
  const auto read = [&] { return read_whole_file(pipe, "read", kMax); };
  EXPECT_EQ(thrown_error(read).system_errno(), EINTR) << "nobody writes";
  const FileDescriptor silent(::open(pipe.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC));
  EXPECT_EQ(thrown_error(read).system_errno(), EINTR) << "the writer says nothing";
}

TEST(InterruptibleTest, WaitsEndByReadinessTimeOrSignal) {
  int ends[2] = {-1, -1};
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  const FileDescriptor reader(ends[0]);
  const FileDescriptor writer(ends[1]);
  EXPECT_EQ(wait_until_ready(writer.get(), POLLOUT), 0);
  EXPECT_EQ(wait_until_ready(reader.get(), POLLIN, 1'000'000), ETIMEDOUT);
  EXPECT_EQ(wait_until_ready(-1, 0, 1'000'000), ETIMEDOUT);
  EXPECT_FALSE(stop_is_pending());
  const PendingStop stop;
  EXPECT_TRUE(stop_is_pending());
  EXPECT_EQ(wait_until_ready(reader.get(), POLLIN), EINTR);
  EXPECT_TRUE(stop_is_pending()) << "it stays for whoever watches it";
}

}  // namespace
}  // namespace tunrelay::test
