// SPDX-License-Identifier: MIT
// The trace: a line a packet, and every packet that has no line is counted.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "stage/trace_log.hpp"

namespace tunrelay {
namespace {

using ::testing::StartsWith;

/// A file that a TraceLog prints to.
class Output {
 public:
  Output() : file_(std::tmpfile()) {}
  ~Output() { std::fclose(file_); }
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;

  [[nodiscard]] std::FILE* file() const noexcept { return file_; }
  /// Once the log is gone.
  [[nodiscard]] std::string text() const {
    std::string text(static_cast<std::size_t>(::lseek(::fileno(file_), 0, SEEK_END)), '\0');
    EXPECT_EQ(::pread(::fileno(file_), text.data(), text.size(), 0),
              static_cast<ssize_t>(text.size()));
    return text;
  }

 private:
  std::FILE* file_;
};

/// An ICMP echo request of 84 bytes, as ping sends it.
TraceRecord echo_request(std::uint8_t device, std::uint16_t queue) {
  static constexpr std::string_view kBytes(
      "\x45\x00\x00\x54\x00\x00\x40\x00\x40\x01\x00\x00\xc0\xa8\x0d\x01\xc0\xa8\x0d\x02"
      "\x08\x00\x00\x00\x00\x07\x00\x01",
      28);
  TraceRecord record;
  record.frame_bytes = 84;
  record.device = device;
  record.queue = queue;
  record.snapped_bytes = static_cast<std::uint8_t>(kBytes.size());
  std::transform(kBytes.begin(), kBytes.end(), record.snap.begin(),
                 [](char byte) { return static_cast<std::byte>(byte); });
  return record;
}

TEST(TraceLog, WritesALineAPacketInTheArticlesManner) {
  const Output output;
  {
    TraceLog log({.devices = {"tun0", "tun1"}, .link_type = LinkType::kIp}, output.file());
    log.begin();
    EXPECT_TRUE(log.record(echo_request(0, 0)));
    EXPECT_TRUE(log.record(echo_request(1, 3)));
  }
  EXPECT_EQ(output.text(),
            "read 84 from tun0 queue 0  IPv4 ICMP 192.168.13.1 > 192.168.13.2 echo request id 7 "
            "seq 1\n"
            "read 84 from tun1 queue 3  IPv4 ICMP 192.168.13.1 > 192.168.13.2 echo request id 7 "
            "seq 1\n");
}

TEST(TraceLog, IsSilentBeforeItBegins) {
  const Output output;
  {
    TraceLog log({.devices = {"tun0", "tun1"}, .link_type = LinkType::kIp}, output.file());
    EXPECT_TRUE(log.record(echo_request(0, 0)));
    EXPECT_EQ(log.lost(), 0U);
  }
  EXPECT_EQ(output.text(), "");
}

TEST(TraceLog, EveryRecordOfEveryThreadIsPrintedOrCounted) {
  constexpr std::size_t kThreads = 4;
  constexpr std::size_t kRecords = 20'000;
  const Output output;
  std::uint64_t lost = 0;
  {
    TraceLog log({.devices = {"tun0", "tun1"}, .link_type = LinkType::kIp}, output.file());
    log.begin();
    std::vector<std::thread> threads;
    for (std::size_t thread = 0; thread < kThreads; ++thread)
      threads.emplace_back([&log, thread] {
        for (std::size_t record = 0; record < kRecords; ++record)
          log.record(echo_request(0, static_cast<std::uint16_t>(thread)));
      });
    for (std::thread& thread : threads) thread.join();
    lost = log.lost();
  }
  const std::string text = output.text();
  const auto lines = static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
  EXPECT_EQ(lines + lost, kThreads * kRecords);
  EXPECT_THAT(text, StartsWith("read 84 from tun0 queue "));
}

}  // namespace
}  // namespace tunrelay
