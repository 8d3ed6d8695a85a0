// SPDX-License-Identifier: MIT
// What is printed without a wait, for a reader who reads later, or not at all.
#include "os/output_queue.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdint>
#include <memory>
#include <string>

#include "os/file_descriptor.hpp"
#include "support/pending_stop.hpp"

namespace tunrelay::test {
namespace {

class OutputQueueTest : public ::testing::Test {
 protected:
  static constexpr int kPipeBytes = 65'536;

  void SetUp() override {
    int ends[2] = {-1, -1};
    ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    reader_ = FileDescriptor(ends[0]);
    ASSERT_EQ(::fcntl(reader_.get(), F_SETFL, O_NONBLOCK), 0);
    ASSERT_EQ(::fcntl(reader_.get(), F_SETPIPE_SZ, kPipeBytes), kPipeBytes);
    stream_.reset(::fdopen(ends[1], "w"));
  }
  /// What the reader finds now.
  std::string taken() const {
    std::string text(std::size_t{4} << 20, '\0');
    const ssize_t count = ::read(reader_.get(), text.data(), text.size());
    text.resize(count < 0 ? 0 : static_cast<std::size_t>(count));
    return text;
  }
  /// All of it, as the reader reads on.
  std::string taken_to_the_end(OutputQueue& queue) const {
    std::string all;
    for (std::string part = taken(); !part.empty(); part = taken()) {
      all += part;
      queue.go_on();
    }
    return all;
  }
  static std::string lines(int count) {
    std::string text;
    for (int line = 0; line < count; ++line) text += "line " + std::to_string(line) + "\n";
    return text;
  }

  FileDescriptor reader_;
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> stream_{nullptr, &std::fclose};
};

TEST_F(OutputQueueTest, PrintsAtOnceBehindWhatIsInTheBuffer) {
  std::fputs("one\n", stream_.get());
  OutputQueue queue(stream_.get());
  queue.print("two\n");
  EXPECT_EQ(taken(), "one\ntwo\n");
  EXPECT_TRUE(queue.is_empty());
  EXPECT_EQ(queue.waiting_fd(), -1);
}

TEST_F(OutputQueueTest, KeepsInOrderWhatTheReaderDoesNotTake) {
  OutputQueue queue(stream_.get());
  const std::string text = lines(30'000);
  queue.print(text);
  queue.print("last\n");
  EXPECT_EQ(queue.waiting_fd(), ::fileno(stream_.get()));
  EXPECT_EQ(taken_to_the_end(queue), text + "last\n");
  EXPECT_TRUE(queue.is_empty());
  EXPECT_EQ(queue.take_lost_lines(), 0U);
}

TEST_F(OutputQueueTest, PrintsWholeLinesSoThatOthersMayPrintBetween) {
  OutputQueue queue(stream_.get());
  queue.print(lines(30'000));
  EXPECT_EQ(taken().back(), '\n');
}

TEST_F(OutputQueueTest, ALineThatIsLongerThanAPipeIsPrintedToo) {
  OutputQueue queue(stream_.get());
  const std::string line(200'000, 'x');
  queue.print(line + "\n");
  EXPECT_EQ(taken_to_the_end(queue), line + "\n");
}

TEST_F(OutputQueueTest, WhatIsTooMuchIsLostAsAWholeAndCounted) {
  OutputQueue queue(stream_.get());
  queue.print(std::string(OutputQueue::kLimitBytes - 1, 'x') + "\n");
  queue.print(lines(100'000));
  EXPECT_EQ(queue.take_lost_lines(), 100'000U);
  EXPECT_EQ(queue.take_lost_lines(), 0U);
  queue.print("short\n");
  EXPECT_TRUE(taken_to_the_end(queue).ends_with("xx\nshort\n"));
}

TEST_F(OutputQueueTest, AReaderWhoHasGoneIsNotWaitedFor) {
  ASSERT_NE(::signal(SIGPIPE, SIG_IGN), SIG_ERR);
  OutputQueue queue(stream_.get());
  queue.print(lines(30'000));
  reader_ = FileDescriptor();
  queue.go_on();
  EXPECT_TRUE(queue.is_empty());
  EXPECT_EQ(queue.take_lost_lines(), 0U);
}

TEST_F(OutputQueueTest, AtTheEndTimeOrASignalEndsTheWait) {
  OutputQueue queue(stream_.get());
  constexpr int kLines = 30'000;
  queue.print(lines(kLines));
  EXPECT_FALSE(queue.finish(1'000'000));
  const std::string text = taken();
  const auto printed = std::count(text.begin(), text.end(), '\n');
  EXPECT_EQ(queue.take_lost_lines() + static_cast<std::uint64_t>(printed), kLines);
  queue.print(lines(kLines));
  const PendingStop stop;
  EXPECT_FALSE(queue.finish(INT64_MAX));
  EXPECT_TRUE(queue.finish(INT64_MAX)) << "nothing is left";
}

}  // namespace
}  // namespace tunrelay::test
