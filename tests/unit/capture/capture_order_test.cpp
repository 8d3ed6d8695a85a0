// SPDX-License-Identifier: MIT
// Packets of several queues stand in a capture's file by time, whichever queue brings its records
// last; but none is lost for that.
#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.hpp"
#include "capture/capture.hpp"
#include "support/accepted_packet.hpp"
#include "support/naive_pcapng.hpp"
#include "support/temporary_folder.hpp"

namespace tunrelay {
namespace {

using std::chrono::milliseconds;

class CaptureOrderTest : public ::testing::Test {
 protected:
  static test::PacketSpec large_spec() {
    test::PacketSpec spec;
    spec.payload.resize(1'000);
    return spec;
  }

  Capture& capture(std::size_t buffer_bytes = 1'048'576) {
    return capture_.emplace(
        CaptureOptions{.file = file_, .filter = {}, .buffer_bytes = buffer_bytes},
        CaptureSite{.devices = {"tun0", "tun1"}, .queues = 2, .application = "test"});
  }

  /// Shows TAP a packet that arrived at TIME_NS.
  void arrive(PacketTap& tap, std::int64_t time_ns) {
    packet_.packet.arrival_ns = time_ns;
    tap.arrived(packet_.packet);
  }

  static bool writes_some(const Capture& capture) {
    for (int waited_ms = 0; capture.report().packets == 0; ++waited_ms) {
      if (waited_ms == 5'000) return false;
      std::this_thread::sleep_for(milliseconds(1));
    }
    return true;
  }

  std::vector<std::uint64_t> times() {
    capture_->finish();
    std::vector<std::uint64_t> found;
    for (const auto& block : test::read_pcapng(test::content_of(file_)))
      if (block.type == test::kPacketType) found.push_back(block.halves(4));
    return found;
  }

 private:
  test::TemporaryFolder folder_;
  std::string file_ = folder_ / "c.pcapng";
  test::OwnedPacket packet_ = test::accepted_packet(test::build_frame(large_spec()));
  std::optional<Capture> capture_;
};

TEST_F(CaptureOrderTest, WaitsForAQueueThatIsHeldUp) {
  Capture& subject = capture();
  const auto first = subject.make_tap(0, 0);
  const auto second = subject.make_tap(0, 1);
  const std::int64_t now_ns = monotonic_ns();
  arrive(*first, now_ns + 1);
  std::this_thread::sleep_for(milliseconds(10));
  arrive(*second, now_ns);
  const std::vector<std::uint64_t> found = times();
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0] + 1, found[1]);
}

TEST_F(CaptureOrderTest, WaitsNoLongerThanAReaderWouldNotice) {
  Capture& subject = capture();
  arrive(*subject.make_tap(0, 0), monotonic_ns());
  EXPECT_TRUE(writes_some(subject));
}

TEST_F(CaptureOrderTest, RatherWritesThanLoses) {
  Capture& subject = capture(65'536);
  const auto tap = subject.make_tap(0, 0);
  // None is ever old enough; of more than half the ring some are written nevertheless.
  const std::int64_t later_ns = monotonic_ns() + 3'600 * kNanosecondsPerSecond;
  for (int packet = 0; packet < 45; ++packet) arrive(*tap, later_ns + packet);
  EXPECT_TRUE(writes_some(subject));
  EXPECT_EQ(times().size(), 45U);
  EXPECT_EQ(subject.report().lost, 0U);
}

}  // namespace
}  // namespace tunrelay
