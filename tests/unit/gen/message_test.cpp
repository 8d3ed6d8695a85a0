// SPDX-License-Identifier: MIT
// What a message carries, when it should go, and how it is found in a stream.
#include "gen/message.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <atomic>
#include <thread>
#include <vector>

#include "gen/schedule.hpp"
#include "gen/tcp_message.hpp"
#include "os/file_descriptor.hpp"
#include "support/random.hpp"

namespace tunrelay {
namespace {

TEST(ScheduleTest, DriftsByNoNanosecondInADay) {
  const Schedule schedule(1'000, 50'000);
  EXPECT_EQ(schedule.due_ns(0), 1'000);
  EXPECT_EQ(schedule.due_ns(1), 21'000);
  constexpr std::uint64_t kDay = 50'000ULL * 86'400;
  EXPECT_EQ(schedule.due_ns(kDay), 86'400 * kNanosecondsPerSecond + 1'000);
  const Schedule thirds(0, 3);
  EXPECT_EQ(thirds.due_ns(3'000'000), 1'000'000 * kNanosecondsPerSecond);
}

TEST(PayloadPatternTest, DistinguishesNeighbouringMessages) {
  const PayloadPattern pattern(1, 64);
  const auto bytes = [&](std::uint16_t flow, std::uint32_t sequence) {
    const std::byte* begin = pattern.of(flow, sequence);
    return std::vector<std::byte>(begin, begin + 64);
  };
  EXPECT_EQ(bytes(3, 7), bytes(3, 7));
  EXPECT_NE(bytes(3, 7), bytes(3, 8));
  EXPECT_NE(bytes(3, 7), bytes(4, 7));
  const PayloadPattern other(2, 64);
  EXPECT_NE(bytes(3, 7), std::vector<std::byte>(other.of(3, 7), other.of(3, 7) + 64));
}

/// What write_tcp_message() puts into a stream.
std::vector<std::byte> written(const std::vector<TcpMessage>& messages,
                               const PayloadPattern& pattern) {
  std::array<int, 2> ends{};
  EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends.data()), 0);
  FileDescriptor near(ends[0]);
  const FileDescriptor far(ends[1]);
  std::vector<std::byte> bytes;
  std::thread reader([&] {
    std::array<std::byte, 4096> chunk{};
    for (ssize_t count = 0; (count = ::recv(far.get(), chunk.data(), chunk.size(), 0)) > 0;)
      bytes.insert(bytes.end(), chunk.begin(), chunk.begin() + count);
  });
  const std::atomic<bool> stop{false};
  for (const TcpMessage& message : messages)
    EXPECT_EQ(write_tcp_message(near.get(), message.header, message.size_bytes,
                                message.reflected_ns, pattern, stop),
              0);
  near.reset();
  reader.join();
  return bytes;
}

class TcpReaderTest : public ::testing::TestWithParam<bool> {
 protected:
  static constexpr std::uint32_t kMaxBytes = 3000;

  std::vector<TcpMessage> some_messages() {
    std::vector<TcpMessage> messages;
    for (std::uint32_t number = 0; number < 200; ++number) {
      TcpMessage message;
      message.header = {.tag = 5, .flow = 2, .sequence = number, .intended_ns = number * 10};
      message.size_bytes = static_cast<std::uint32_t>(
          random_.between(responses_ ? kResponseHeadBytes : kRequestHeadBytes, kMaxBytes));
      message.reflected_ns = responses_ ? 1 + number : 0;
      messages.push_back(message);
    }
    return messages;
  }

  /// Everything that a reader finds in BYTES, which come in chunks of any size.
  std::vector<TcpMessage> found(std::span<const std::byte> bytes) {
    TcpReader reader(responses_, kMaxBytes);
    std::vector<TcpMessage> messages;
    while (!bytes.empty()) {
      const std::size_t part = std::min<std::size_t>(bytes.size(), random_.between(1, 700));
      sound_ = reader.take(bytes.first(part), pattern_,
                           [&](const TcpMessage& message) { messages.push_back(message); });
      if (!sound_) break;
      bytes = bytes.subspan(part);
    }
    return messages;
  }

  bool responses_ = GetParam();
  PayloadPattern pattern_{9, kMaxBytes};
  test::SeededRandom random_;
  bool sound_ = true;
};

TEST_P(TcpReaderTest, FindsWhatWasWrittenHoweverItIsCut) {
  const auto messages = some_messages();
  const auto seen = found(written(messages, pattern_));
  ASSERT_EQ(seen.size(), messages.size());
  for (std::size_t at = 0; at < seen.size(); ++at) {
    EXPECT_EQ(seen[at].header.sequence, messages[at].header.sequence);
    EXPECT_EQ(seen[at].header.intended_ns, messages[at].header.intended_ns);
    EXPECT_EQ(seen[at].size_bytes, messages[at].size_bytes);
    EXPECT_EQ(seen[at].reflected_ns, messages[at].reflected_ns);
    EXPECT_TRUE(seen[at].intact);
  }
}

TEST_P(TcpReaderTest, NoticesEveryChangedByteOfThePayload) {
  const std::vector<TcpMessage> one{
      {.header = {.tag = 1, .flow = 0, .sequence = 3, .intended_ns = 0},
       .size_bytes = 60,
       .reflected_ns = responses_ ? 8 : 0}};
  const auto bytes = written(one, pattern_);
  ASSERT_EQ(bytes.size(), 60U);
  for (std::size_t at = responses_ ? kResponseHeadBytes : kRequestHeadBytes; at < bytes.size();
       ++at) {
    auto changed = bytes;
    changed[at] ^= std::byte{1};
    const auto seen = found(changed);
    ASSERT_EQ(seen.size(), 1U);
    EXPECT_FALSE(seen[0].intact) << "byte " << at;
  }
}

TEST_P(TcpReaderTest, GivesUpOnAStreamThatMakesNoSense) {
  std::vector<std::byte> noise(64, std::byte{0xff});
  EXPECT_TRUE(found(noise).empty());
  EXPECT_FALSE(sound_);
  std::vector<std::byte> zeros(64);
  EXPECT_TRUE(found(zeros).empty());
  EXPECT_FALSE(sound_);
}

INSTANTIATE_TEST_SUITE_P(RequestsAndResponses, TcpReaderTest, ::testing::Bool());

}  // namespace
}  // namespace tunrelay
