// SPDX-License-Identifier: MIT
// What is printed for a reader who has stopped reading, and how wide.
#include "os/print.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <unistd.h>

#include <cstdlib>
#include <memory>
#include <string>

#include "os/file_descriptor.hpp"
#include "support/pending_stop.hpp"

namespace tunrelay::test {
namespace {

class PrintTest : public ::testing::Test {
 protected:
  void SetUp() override {
    int ends[2] = {-1, -1};
    ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    reader_ = FileDescriptor(ends[0]);
    stream_.reset(::fdopen(ends[1], "w"));
  }
  /// How many bytes wait in the pipe, which are taken.
  std::size_t take() const {
    std::string bytes(1 << 20, '\0');
    const ssize_t got = ::read(reader_.get(), bytes.data(), bytes.size());
    return got < 0 ? 0 : static_cast<std::size_t>(got);
  }

  FileDescriptor reader_;
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> stream_{nullptr, &std::fclose};
  const std::string large_ = std::string(100'000, 'x');
};

TEST_F(PrintTest, PrintsBehindWhatIsInTheBuffer) {
  std::fputs("one ", stream_.get());
  print_text(stream_.get(), "two");
  EXPECT_EQ(take(), 7U);
}

TEST_F(PrintTest, ASignalOrTimeEndsTheWaitForAReader) {
  print_text(stream_.get(), large_, 1'000'000);
  EXPECT_EQ(take(), 65'536U);
  const PendingStop stop;
  print_text(stream_.get(), large_);
  EXPECT_EQ(take(), 65'536U) << "what finds room is printed all the same";
}

// NOLINTBEGIN(concurrency-mt-unsafe): there is one thread
TEST(TextColumnsTest, WithoutATerminalLinesHave80Columns) {
  const char* const inherited = std::getenv("COLUMNS");
  const std::string before = inherited == nullptr ? "" : inherited;
  ::unsetenv("COLUMNS");
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  EXPECT_EQ(text_columns(ends[1]), 80U);
  ::setenv("COLUMNS", "132", 1);
  EXPECT_EQ(text_columns(ends[1]), 132U);
  ::setenv("COLUMNS", "wide", 1);
  EXPECT_EQ(text_columns(ends[1]), 80U);
  ::close(ends[0]);
  ::close(ends[1]);
  if (inherited == nullptr)
    ::unsetenv("COLUMNS");
  else
    ::setenv("COLUMNS", before.c_str(), 1);
}
// NOLINTEND(concurrency-mt-unsafe)

}  // namespace
}  // namespace tunrelay::test
