// SPDX-License-Identifier: MIT
// Whole trials over lo: every kind of load arrives, complete and unchanged, and is counted.
#include "gen/trial.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "gen/floor.hpp"
#include "gen/load_json.hpp"
#include "gen/load_server.hpp"
#include "gen/remote_end.hpp"
#include "support/thrown_error.hpp"

namespace tunrelay {
namespace {

using ::testing::HasSubstr;

const IpAddress kLo = IpAddress::parse("127.0.0.1");

LoadSpec short_load() {
  LoadSpec spec;
  spec.duration_ns = 200 * kNanosecondsPerMillisecond;
  spec.slip_limit_ns = kNanosecondsPerSecond;  // other tests run at the same time
  return spec;
}

/// What must hold of any direction without loss.
void expect_complete(const TrialReport& report, std::size_t direction) {
  const DirectionReport& one = report.directions.at(direction);
  EXPECT_EQ(report.invalid_reason, "");
  EXPECT_GT(one.sent.messages, 0U);
  EXPECT_EQ(one.sent.failed, 0U);
  EXPECT_EQ(one.received.sequence.received, one.sent.messages);
  EXPECT_EQ(one.received.bytes, one.sent.bytes);
  EXPECT_EQ(one.received.sequence.duplicates, 0U);
  EXPECT_EQ(one.received.sequence.reordered, 0U);
  EXPECT_EQ(one.received.corrupt, 0U);
  EXPECT_EQ(one.received.unexpected, 0U);
  EXPECT_EQ(one.received.delay.count(), one.sent.messages);
  if (!report.spec.has_responses()) return;
  EXPECT_EQ(one.responses.sequence.received, one.sent.messages);
  EXPECT_EQ(one.responses.corrupt, 0U);
}

struct TrialCase {
  const char* name;
  std::function<void(LoadSpec&)> change;
};

class TrialTest : public ::testing::TestWithParam<TrialCase> {};

TEST_P(TrialTest, ArrivesCompleteAndUnchanged) {
  LoadSpec spec = short_load();
  GetParam().change(spec);
  const TrialReport report = run_trial(spec, kLo, kLo);
  for (std::size_t direction = 0; direction < 2; ++direction)
    if (report.has(direction)) expect_complete(report, direction);
  const TrialReport again = trial_report_from_json(to_json(report));
  EXPECT_EQ(to_json(again), to_json(report));
}

INSTANTIATE_TEST_SUITE_P(
    Loads, TrialTest,
    ::testing::Values(TrialCase{"udp", [](LoadSpec& spec) { spec.messages_per_s = 5'000; }},
                      TrialCase{"udp_by_bits", [](LoadSpec& spec) { spec.bits_per_s = 2'000'000; }},
                      TrialCase{"udp_several_sizes",
                                [](LoadSpec& spec) {
                                  spec.payload_bytes = imix_payload_bytes(IpFamily::kIpv4);
                                  spec.messages_per_s = 3'000;
                                }},
                      TrialCase{"udp_flows_and_threads",
                                [](LoadSpec& spec) {
                                  spec.flows = 7;
                                  spec.threads = 3;
                                  spec.messages_per_s = 5'000;
                                }},
                      TrialCase{"udp_segments",
                                [](LoadSpec& spec) {
                                  spec.segments = 10;
                                  spec.payload_bytes = {1000};
                                  spec.messages_per_s = 10'000;
                                }},
                      TrialCase{"udp_segments_received_merged",
                                [](LoadSpec& spec) {
                                  spec.segments = 10;
                                  spec.payload_bytes = {1000};
                                  spec.receive_merged = true;
                                  spec.messages_per_s = 10'000;
                                }},
                      TrialCase{"udp_counted",
                                [](LoadSpec& spec) {
                                  spec.count = 101;
                                  spec.messages_per_s = 1'000;
                                }},
                      TrialCase{"udp_after_a_warm_up",
                                [](LoadSpec& spec) {
                                  spec.warm_up_ns = 50 * kNanosecondsPerMillisecond;
                                  spec.messages_per_s = 2'000;
                                }},
                      TrialCase{"udp_reverse",
                                [](LoadSpec& spec) {
                                  spec.direction = LoadDirection::kReverse;
                                  spec.messages_per_s = 2'000;
                                }},
                      TrialCase{"udp_both_ways",
                                [](LoadSpec& spec) {
                                  spec.direction = LoadDirection::kBoth;
                                  spec.messages_per_s = 2'000;
                                }},
                      TrialCase{
                          "udp_requests",
                          [](LoadSpec& spec) { spec.pattern = LoadPattern::kRequestResponse; }},
                      TrialCase{"udp_requests_paced",
                                [](LoadSpec& spec) {
                                  spec.pattern = LoadPattern::kRequestResponse;
                                  spec.flows = 3;
                                  spec.messages_per_s = 3'000;
                                }},
                      TrialCase{"tcp",
                                [](LoadSpec& spec) {
                                  spec.protocol = LoadProtocol::kTcp;
                                  spec.payload_bytes = {128 << 10};
                                }},
                      TrialCase{"tcp_flows_both_ways",
                                [](LoadSpec& spec) {
                                  spec.protocol = LoadProtocol::kTcp;
                                  spec.direction = LoadDirection::kBoth;
                                  spec.flows = 4;
                                  spec.threads = 2;
                                  spec.payload_bytes = {20, 5'000, 70'000};
                                  spec.congestion_control = "reno";
                                }},
                      TrialCase{"tcp_paced",
                                [](LoadSpec& spec) {
                                  spec.protocol = LoadProtocol::kTcp;
                                  spec.payload_bytes = {1000};
                                  spec.messages_per_s = 2'000;
                                }},
                      TrialCase{"tcp_requests",
                                [](LoadSpec& spec) {
                                  spec.protocol = LoadProtocol::kTcp;
                                  spec.pattern = LoadPattern::kRequestResponse;
                                }},
                      TrialCase{"tcp_requests_paced",
                                [](LoadSpec& spec) {
                                  spec.protocol = LoadProtocol::kTcp;
                                  spec.pattern = LoadPattern::kRequestResponse;
                                  spec.flows = 2;
                                  spec.threads = 2;
                                  spec.messages_per_s = 2'000;
                                }},
                      TrialCase{"tcp_connections",
                                [](LoadSpec& spec) {
                                  spec.protocol = LoadProtocol::kTcp;
                                  spec.pattern = LoadPattern::kConnections;
                                  spec.messages_per_s = 200;
                                }}),
    [](const auto& instance) { return std::string(instance.param.name); });

TEST(TrialOverIpv6Test, ArrivesCompleteAndUnchanged) {
  LoadSpec spec = short_load();
  spec.messages_per_s = 1'000;
  const IpAddress lo = IpAddress::parse("::1");
  expect_complete(run_trial(spec, lo, lo), 0);
}

TEST(TrialScheduleTest, SendsAsManyAsTheRateSays) {
  LoadSpec spec = short_load();
  spec.messages_per_s = 2'000;
  spec.duration_ns = 500 * kNanosecondsPerMillisecond;
  EXPECT_EQ(run_trial(spec, kLo, kLo).directions[0].sent.messages, 1'000U);
}

TEST(TrialScheduleTest, ALateSenderMakesTheTrialVoid) {
  LoadSpec spec = short_load();
  spec.messages_per_s = 5'000;
  spec.slip_limit_ns = 0;
  EXPECT_THAT(run_trial(spec, kLo, kLo).invalid_reason, HasSubstr("late or more"));
}

TEST(TrialScheduleTest, ARateOverTheMachinesReachMakesTheTrialVoid) {
  LoadSpec spec = short_load();
  spec.messages_per_s = 5e7;
  const TrialReport report = run_trial(spec, kLo, kLo);
  EXPECT_THAT(report.invalid_reason, HasSubstr("could not keep the rate: it sent"));
}

TEST(TrialErrorTest, AnAddressThatIsNotOursIsNamedAtEitherEnd) {
  // Of a block that is kept for documentation (RFC 5737).
  const IpAddress foreign = IpAddress::parse("192.0.2.1");
  for (const LoadProtocol protocol : {LoadProtocol::kUdp, LoadProtocol::kTcp})
    for (const auto& ends : {std::pair{kLo, foreign}, std::pair{foreign, kLo}}) {
      LoadSpec spec = short_load();
      spec.protocol = protocol;
      const Error error =
          test::thrown_error([&] { static_cast<void>(run_trial(spec, ends.first, ends.second)); });
      EXPECT_THAT(error.what(), HasSubstr("could not bind 192.0.2.1"));
    }
}

TEST(TrialIntervalTest, ReportsHowFarItIsAndCanBeCutShort) {
  LoadSpec spec = short_load();
  spec.duration_ns = 20 * kNanosecondsPerSecond;
  spec.messages_per_s = 1'000;
  TrialOptions options;
  options.interval_ns = 50 * kNanosecondsPerMillisecond;
  std::uint64_t reported = 0;
  int intervals = 0;
  options.on_interval = [&](const IntervalReport& interval) {
    reported += interval.directions[0].sent_messages;
    ++intervals;
  };
  options.is_stopping = [&] { return intervals == 3; };
  const TrialReport report = run_trial(spec, kLo, kLo, options);
  EXPECT_EQ(intervals, 4) << "the last one ends with the sending";
  EXPECT_EQ(reported, report.directions[0].sent.messages);
  EXPECT_THAT(report.invalid_reason, HasSubstr("cut short"));
}

TEST(TrialIntervalTest, IntervalsAddUpToTheWhole) {
  LoadSpec spec = short_load();
  spec.duration_ns = 130 * kNanosecondsPerMillisecond;
  spec.messages_per_s = 1'000;
  TrialOptions options;
  options.interval_ns = 50 * kNanosecondsPerMillisecond;
  std::uint64_t sent = 0;
  std::uint64_t received = 0;
  double end_s = 0;
  Histogram delays;
  options.interval_reports = true;
  options.on_interval = [&](const IntervalReport& interval) {
    EXPECT_EQ(interval.begin_s, end_s);
    end_s = interval.end_s;
    sent += interval.directions[0].sent_messages;
    received += interval.directions[0].received_messages;
    delays += interval.directions[0].one_way.value();
    EXPECT_EQ(interval.directions[0].round_trip.value().count(), 0U);
  };
  const TrialReport report = run_trial(spec, kLo, kLo, options);
  EXPECT_EQ(delays, report.directions[0].received.delay);
  EXPECT_EQ(sent, report.directions[0].sent.messages);
  EXPECT_EQ(received, report.directions[0].received.sequence.received);
  EXPECT_GE(end_s, 0.12);
}

/// Cuts a trial short after three intervals; what they report so far grows up to the report.
void expect_reports_so_far(LoadEnd& here, LoadEnd& there) {
  LoadSpec spec = short_load();
  spec.duration_ns = 20 * kNanosecondsPerSecond;
  spec.messages_per_s = 1'000;
  spec.pattern = LoadPattern::kRequestResponse;
  TrialOptions options;
  options.interval_ns = 100 * kNanosecondsPerMillisecond;
  options.interval_reports = true;
  std::vector<TrialReport> reported;
  options.on_interval = [&](const IntervalReport& interval) {
    reported.push_back(interval.so_far.value());
    EXPECT_TRUE(reported.back().cut_short);
    EXPECT_LE(static_cast<double>(reported.back().directions[0].responses.window_ns),
              1e9 * interval.end_s + 1);
  };
  options.is_stopping = [&] { return reported.size() == 3; };
  const TrialReport report = run_trial(spec, here, there, options);
  std::uint64_t before = 0;
  for (const TrialReport& one : reported) {
    const DirectionReport& forward = one.directions[0];
    const std::uint64_t received = forward.received.sequence.received;
    EXPECT_GE(received, before);
    EXPECT_LE(received, report.directions[0].received.sequence.received);
    EXPECT_GT(forward.sent.messages, 0U);
    EXPECT_GT(forward.sent.slip.count(), 0U);
    before = received;
  }
  ASSERT_GE(reported.size(), 3U);
  EXPECT_GT(before, 50U);
  EXPECT_GT(throughput_bits_per_s(reported.back().directions[0].responses), 0);
}

TEST(TrialIntervalTest, ReportsWhatItWouldComeToIfItWereCutShort) {
  LocalEnd here(kLo);
  LocalEnd there(kLo);
  expect_reports_so_far(here, there);
}

/// A load server on lo for one client, in a thread.
class ServerThread {
 public:
  ServerThread() {
    thread_ = std::thread([this] { fault_ = server_.serve_one([this] { return stop_.load(); }); });
  }
  ~ServerThread() { finish(); }
  ServerThread(const ServerThread&) = delete;
  ServerThread& operator=(const ServerThread&) = delete;
  [[nodiscard]] std::uint16_t port() const { return server_.port(); }
  std::string finish() {
    stop_ = true;
    if (thread_.joinable()) thread_.join();
    return fault_;
  }

 private:
  LoadServer server_{IpAddress::parse("127.0.0.1"), 0};
  std::atomic<bool> stop_{false};
  std::string fault_;
  std::thread thread_;
};

TEST(RemoteTrialTest, IsAsOneInThisProcess) {
  for (const LoadDirection direction :
       {LoadDirection::kForward, LoadDirection::kReverse, LoadDirection::kBoth}) {
    ServerThread server;
    LoadSpec spec = short_load();
    spec.direction = direction;
    spec.messages_per_s = 2'000;
    {
      RemoteEnd there(kLo, kLo, server.port());
      EXPECT_TRUE(there.shares_our_clock());
      LocalEnd here(there.our_address());
      const TrialReport report = run_trial(spec, here, there);
      for (std::size_t at = 0; at < 2; ++at)
        if (report.has(at)) expect_complete(report, at);
    }
    EXPECT_EQ(server.finish(), "");
  }
}

TEST(RemoteTrialTest, ReportsWhatItWouldComeToIfItWereCutShort) {
  ServerThread server;
  {
    RemoteEnd there(kLo, kLo, server.port());
    LocalEnd here(there.our_address());
    expect_reports_so_far(here, there);
  }
  EXPECT_EQ(server.finish(), "");
}

TEST(RemoteTrialTest, WithoutAServerTheErrorSaysWhatToStart) {
  try {
    // Bound and closed again: nobody listens there.
    const std::uint16_t port = LoadServer(kLo, 0).port();
    RemoteEnd there(kLo, kLo, port);
    FAIL() << "somebody listened";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("gen --server"));
  }
}

TEST(RemoteTrialTest, AServerSurvivesClientsThatMakeNoSense) {
  for (const char* words :
       {"nonsense\n", "{}\n", "{\"do\": \"fly\"}\n", "{\"do\": 7}\n", "{\"do\": \"sink\"}\n",
        "{\"do\": \"sink\", \"spec\": {}, \"trial\": 1}\n"}) {
    ServerThread server;
    FileDescriptor socket = bind_load_socket(SOCK_STREAM, kLo, 0);
    connect_load_socket(socket, kLo, server.port(), kNanosecondsPerSecond);
    ASSERT_GT(::send(socket.get(), words, std::strlen(words), 0), 0);
    std::array<char, 4096> answer{};
    const ssize_t count = ::recv(socket.get(), answer.data(), answer.size(), 0);
    if (count > 0) {
      EXPECT_THAT(std::string(answer.data(), static_cast<std::size_t>(count)), HasSubstr("error"));
    }
    socket.reset();
    server.finish();
  }
}

TEST(FloorTest, MeasuresTheGeneratorAlone) {
  const GeneratorFloor floor = measure_floor(50 * kNanosecondsPerMillisecond);
  EXPECT_GT(floor.socketpair_round_trip.count(), 0U);
  EXPECT_GT(floor.lo_round_trip.count(), 0U);
  EXPECT_GT(floor.lo_messages_per_s, 0);
}

}  // namespace
}  // namespace tunrelay
