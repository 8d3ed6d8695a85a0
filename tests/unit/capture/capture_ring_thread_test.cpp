// SPDX-License-Identifier: MIT
// The ring between a worker and a capture's thread; under ThreadSanitizer too.
#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <thread>

#include "capture/capture_ring.hpp"
#include "support/random.hpp"

namespace tunrelay {
namespace {

TEST(CaptureRing, GivesBackWhatWasPutInAndNothingElse) {
  CaptureRing ring(1024);
  EXPECT_TRUE(ring.front().empty());
  std::byte* place = ring.reserve(5);
  ASSERT_NE(place, nullptr);
  std::memcpy(place, "hello", 5);
  EXPECT_TRUE(ring.front().empty());  // not yet handed over
  ring.publish();
  ASSERT_GE(ring.front().size(), 5U);
  EXPECT_EQ(std::memcmp(ring.front().data(), "hello", 5), 0);
  ring.pop();
  EXPECT_TRUE(ring.front().empty());
}

TEST(CaptureRing, RefusesWhenFullAndTakesAgainWhenThereIsRoom) {
  CaptureRing ring(1024);
  int records = 0;
  while (ring.reserve(100) != nullptr) {
    ring.publish();
    ++records;
  }
  EXPECT_EQ(records, 1024 / 112);
  ring.pop();
  ring.pop();
  EXPECT_NE(ring.reserve(100), nullptr);
}

TEST(CaptureRing, KeepsOrderAndBytesBetweenTwoThreads) {
  constexpr std::uint32_t kRecords = 50'000;
  CaptureRing ring(16 * 1024);
  std::thread worker([&ring] {
    test::SeededRandom random(1);
    for (std::uint32_t number = 0; number < kRecords; ++number) {
      const std::size_t bytes = random.between(8, 3000);
      std::byte* place = nullptr;
      while ((place = ring.reserve(bytes)) == nullptr) std::this_thread::yield();
      std::memset(place, static_cast<int>(number & 0xff), bytes);
      std::memcpy(place, &number, sizeof number);
      const auto length = static_cast<std::uint32_t>(bytes);
      std::memcpy(place + sizeof number, &length, sizeof length);
      ring.publish();
    }
  });
  for (std::uint32_t expected = 0; expected < kRecords;) {
    const std::span<std::byte> record = ring.front();
    if (record.empty()) {
      std::this_thread::yield();
      continue;
    }
    std::uint32_t number = 0;
    std::uint32_t length = 0;
    std::memcpy(&number, record.data(), sizeof number);
    std::memcpy(&length, record.data() + sizeof number, sizeof length);
    ASSERT_EQ(number, expected);
    ASSERT_EQ(record.size(), (length + 7) / 8 * 8);
    for (std::size_t at = 8; at < length; at += 97)
      ASSERT_EQ(record[at], static_cast<std::byte>(number & 0xff));
    ring.pop();
    ++expected;
  }
  worker.join();
  EXPECT_TRUE(ring.front().empty());
}

}  // namespace
}  // namespace tunrelay
