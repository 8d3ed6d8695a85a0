// SPDX-License-Identifier: MIT
// One capture at a time, and what is left of it when it has ended.
#include "tunnel/tunnel_capture.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "support/temporary_folder.hpp"
#include "support/thrown_error.hpp"

namespace tunrelay {
namespace {

using ::testing::HasSubstr;

class TunnelCaptureTest : public ::testing::Test {
 protected:
  /// To NAME in the folder.
  void begin(const std::string& name) {
    CaptureOptions options;
    options.file = folder_ / name;
    CaptureSite site;
    site.devices = {"tun0", "tun1"};
    capture_.begin(options, site);
  }

  test::TemporaryFolder folder_;
  TunnelCapture capture_;
};

TEST_F(TunnelCaptureTest, ASecondOneIsRefusedWhileOneRuns) {
  begin("first.pcapng");
  EXPECT_TRUE(capture_.runs());
  const Error error = test::thrown_error([&] {
    begin("second.pcapng");
    return 0;
  });
  EXPECT_THAT(error.what(), HasSubstr("second.pcapng"));
  EXPECT_THAT(error.what(), HasSubstr("first.pcapng runs; end it first"));
  EXPECT_EQ(folder_.files(), 1U);
  capture_.end();
  begin("second.pcapng");
  EXPECT_EQ(capture_.report()->file, folder_ / "second.pcapng");
}

TEST_F(TunnelCaptureTest, TheNewestIsReportedWhenItHasEnded) {
  EXPECT_FALSE(capture_.report().has_value());
  EXPECT_FALSE(capture_.end().has_value());
  begin("a.pcapng");
  EXPECT_NE(capture_.make_tap(Direction::kBToA, 0), nullptr);
  const auto ended = capture_.end();
  ASSERT_TRUE(ended.has_value());
  EXPECT_EQ(ended->file, folder_ / "a.pcapng");
  EXPECT_FALSE(capture_.runs());
  EXPECT_FALSE(capture_.has_failed());
  EXPECT_FALSE(capture_.end().has_value());
  EXPECT_EQ(capture_.report()->file, folder_ / "a.pcapng");
}

TEST_F(TunnelCaptureTest, AnEndBeforeItsTimeIsTold) {
  CaptureReport ended;
  ended.file = "a.pcapng";
  ended.packets = 1'200;
  ended.failure = "No space left on device";
  const TunnelEvent event = failure_event(ended);
  EXPECT_EQ(event.kind, TunnelEvent::Kind::kNote);
  EXPECT_EQ(event.text,
            "The capture has ended, a.pcapng could not be written: No space left on device. 1,200 "
            "packets are in it; the link goes on.");
}

}  // namespace
}  // namespace tunrelay
