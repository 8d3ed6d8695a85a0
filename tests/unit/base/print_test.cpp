// What is printed for a reader who has stopped reading.
#include "base/print.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <unistd.h>

#include <memory>
#include <string>

#include "base/file_descriptor.hpp"
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

}  // namespace
}  // namespace tunrelay::test
