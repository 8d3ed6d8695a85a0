// SPDX-License-Identifier: MIT
// Links over the packets of a file: the arithmetic's times to the nanosecond, the same answer each
// time, and what is not a file of packets.
#include "replay/replay.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "capture/pcapng.hpp"
#include "link/stage_text.hpp"
#include "replay/packet_file.hpp"
#include "scenario/scenario_file.hpp"
#include "support/naive_packet.hpp"
#include "support/temporary_folder.hpp"

namespace tunrelay::test {
namespace {

constexpr std::int64_t kFirstNs = 1'700'000'000 * kNanosecondsPerSecond;

class ReplayTest : public ::testing::Test {
 protected:
  /// COUNT UDP packets of 1000 bytes, GAP apart, of which each bears its number.
  std::string write_packets(int count, std::int64_t gap_ns, std::uint8_t traffic_class = 0,
                            bool dont_fragment = true) {
    PcapngBytes file;
    append_block(file, PcapngSection{"a test", ""});
    append_block(file, PcapngInterface{"tun0", "", LinkType::kIp, 0, ""});
    for (int number = 0; number < count; ++number) {
      PacketSpec spec;
      spec.is_tcp = false;
      spec.traffic_class = traffic_class;
      spec.dont_fragment = dont_fragment;
      spec.checksum = ChecksumState::kComplete;
      spec.payload = counting_bytes(972, static_cast<std::size_t>(number));
      const Frame frame = build_frame(spec);
      append_block(file, PcapngPacket{.interface = 0,
                                      .time_ns = kFirstNs + number * gap_ns,
                                      .bytes = frame.bytes,
                                      .original_bytes = 1000,
                                      .flags = 0,
                                      .id = 0,
                                      .queue = 0,
                                      .dropped_before = 0,
                                      .comment = {}});
    }
    return folder_.write("in.pcapng", {reinterpret_cast<const char*>(file.data()), file.size()});
  }
  ReplayReport run(const std::string& input, const std::string& text, const std::string& output,
                   std::uint64_t seed = 1) {
    return run(input, parse_stages({text, "the test"}), nullptr, output, seed);
  }
  /// To "out.pcapng".
  ReplayReport play(const std::string& input, const std::string& toml, std::uint64_t seed = 1) {
    return run(input, {}, std::make_shared<const Scenario>(parse_scenario(toml, "x.toml", {})),
               "out.pcapng", seed);
  }
  ReplayReport run(const std::string& input, StageList stages,
                   std::shared_ptr<const Scenario> scenario, const std::string& output,
                   std::uint64_t seed) {
    ReplayOptions options{.input = input,
                          .output = folder_ / output,
                          .link = {},
                          .scenario = std::move(scenario),
                          .direction = 1,
                          .interface = {},
                          .application = "a test"};
    options.link.directions[1] = std::move(stages);
    options.link.seed = seed;
    ReplayReport report = replay(options);
    EXPECT_EQ(report.read + report.made, report.written + report.queued + dropped_of(report));
    return report;
  }
  static Tally dropped_of(const ReplayReport& report) {
    Tally sum;
    for (const Tally& reason : report.dropped) sum += reason;
    return sum;
  }
  std::vector<std::int64_t> times_of(const std::string& output) {
    std::vector<std::int64_t> times_ns;
    PacketFile file(folder_ / output);
    while (const auto packet = file.next()) times_ns.push_back(packet->time_ns - kFirstNs);
    return times_ns;
  }

  std::vector<std::int64_t> milliseconds_of(const std::string& output) {
    std::vector<std::int64_t> times = times_of(output);
    for (std::int64_t& time : times) time /= kNanosecondsPerMillisecond;
    return times;
  }

  TemporaryFolder folder_;
};

TEST_F(ReplayTest, ARateGivesEachPacketItsNanosecond) {
  // 1000 bytes at 3 Mbit/s are 2,666,666.66 ns; the third of a nanosecond is never lost.
  const ReplayReport report = run(write_packets(4, 1'000'000), "rate 3mbit", "out.pcapng");
  EXPECT_EQ(times_of("out.pcapng"),
            (std::vector<std::int64_t>{2'666'667, 5'333'334, 8'000'000, 10'666'667}));
  EXPECT_EQ(report.read, (Tally{4, 4, 4000}));
  EXPECT_EQ(report.written, (Tally{4, 4, 4000}));
  EXPECT_EQ(report.duration_ns, 10'666'667);
  EXPECT_EQ(report.link.directions[1].at(0).counts.passed.packets, 4U);
}

TEST_F(ReplayTest, TheSameSeedGivesTheSameFile) {
  const std::string input = write_packets(3000, 1'000'000);
  const std::string text = "rate 6mbit limit 100ms pie";
  EXPECT_GT(dropped_of(run(input, text, "first.pcapng")).packets, 100U);
  run(input, text, "second.pcapng");
  run(input, text, "third.pcapng", 2);
  EXPECT_EQ(content_of(folder_ / "first.pcapng"), content_of(folder_ / "second.pcapng"));
  EXPECT_NE(content_of(folder_ / "first.pcapng"), content_of(folder_ / "third.pcapng"));
}

TEST_F(ReplayTest, AScenarioHappensInThePacketsTime) {
  // One packet each 100 ms; the delay grows after 250 ms, and falls after 550 ms, when what is held
  // keeps its time and is not overtaken.
  const ReplayReport report = play(write_packets(8, 100 * kNanosecondsPerMillisecond),
                                   "[[step]]\nb-to-a = \"delay 10ms\"\n"
                                   "[[step]]\nat = \"250ms\"\nb-to-a = \"delay 200ms\"\n"
                                   "[[step]]\nat = \"550ms\"\nb-to-a = \"delay 10ms\"\n");
  EXPECT_EQ(milliseconds_of("out.pcapng"),
            (std::vector<std::int64_t>{10, 110, 210, 500, 600, 700, 700, 710}));
  EXPECT_EQ(report.link_changes, 2U);
  EXPECT_EQ(report.link.directions[1].at(0).counts.passed.packets, 8U) << "it counts on";
}

TEST_F(ReplayTest, ListsOfAnotherShapeLetOutWhatTheyHold) {
  play(write_packets(5, 100 * kNanosecondsPerMillisecond),
       "[[step]]\nb-to-a = \"delay 10s\"\n[[step]]\nat = \"250ms\"\nb-to-a = \"loss 0%\"\n");
  EXPECT_EQ(milliseconds_of("out.pcapng"), (std::vector<std::int64_t>{250, 250, 250, 300, 400}));
}

TEST_F(ReplayTest, AScenarioIsRepeatedBitForBit) {
  const std::string input = write_packets(6'000, 10'000'000);  // a minute
  for (const char* name : {"leo-satellite", "flapping-link", "lte-handover"}) {
    const std::string toml = load_scenario(name)->sources.front().text->c_str();
    const auto content_with = [&](std::uint64_t seed) {
      EXPECT_GT(play(input, toml, seed).link_changes, 1U);
      return content_of(folder_ / "out.pcapng");
    };
    const std::string first = content_with(1);
    EXPECT_EQ(first, content_with(1)) << name;
    EXPECT_NE(first, content_with(2)) << name;
  }
}

TEST_F(ReplayTest, AllImpairmentsTogetherAreRepeatedBitForBit) {
  const std::string input = write_packets(3000, 100'000);
  const std::string text =
      "delay 20ms 3ms normal reorder 1%, loss gemodel 1% 20%, duplicate 2%, corrupt 1% bits 3, "
      "rate 100mbit limit 40 packets, outage at 100ms for 10ms";
  const ReplayReport report = run(input, text, "first.pcapng");
  EXPECT_GT(report.made.packets, 20U);
  EXPECT_GT(dropped_of(report).packets, 100U);
  EXPECT_EQ(report.queued, Tally{});
  run(input, text, "second.pcapng");
  run(input, text, "third.pcapng", 2);
  EXPECT_EQ(content_of(folder_ / "first.pcapng"), content_of(folder_ / "second.pcapng"));
  EXPECT_NE(content_of(folder_ / "first.pcapng"), content_of(folder_ / "third.pcapng"));
}

TEST_F(ReplayTest, WhatIsTooLongIsCountedAsAnsweredOrFragmented) {
  const ReplayReport whole = run(write_packets(10, 1'000'000), "mtu 500 icmp", "whole.pcapng");
  EXPECT_EQ(whole.link.directions[1].at(0).answers, 10U);
  EXPECT_EQ(dropped_of(whole).packets, 10U);
  EXPECT_EQ(whole.made, Tally{}) << "answers would go the other way";
  const ReplayReport cut =
      run(write_packets(10, 1'000'000, 0, false), "mtu 500 icmp", "cut.pcapng");
  EXPECT_EQ(cut.link.directions[1].at(0).answers, 0U);
  EXPECT_EQ(cut.written, (Tally{30, 30, 10 * (500 + 500 + 40)}));
}

TEST_F(ReplayTest, MarksAreInThePackets) {
  const std::string input = write_packets(2000, 1'000'000, 0x02);
  const ReplayReport report = run(input, "rate 6mbit codel ecn", "out.pcapng");
  EXPECT_GT(report.link.directions[1].at(0).counts.marked, 3U);
  std::uint64_t marked = 0;
  PacketFile file(folder_ / "out.pcapng");
  while (const auto packet = file.next()) {
    if ((std::to_integer<int>(packet->bytes[1]) & 3) == 3) ++marked;
    EXPECT_EQ(naive_sum(packet->bytes.first(20)), 0xffff) << "the header's checksum";
  }
  EXPECT_EQ(marked, report.link.directions[1].at(0).counts.marked);
}

TEST_F(ReplayTest, WhatIsNoFileOfPacketsIsRefused) {
  const std::string text = folder_.write("text", "no packets here, but some words to read");
  for (const std::string& input : {text, folder_ / "none"}) try {
      run(input, "mtu 1400", "out.pcapng");
      ADD_FAILURE() << "it was taken";
    } catch (const Error& error) {
      EXPECT_EQ(error.exit_code(), ExitCode::kUsage);
      EXPECT_THAT(error.what(), ::testing::HasSubstr(input));
    }
}

}  // namespace
}  // namespace tunrelay::test
