// SPDX-License-Identifier: MIT
// Lines of tc, those of tc-netem(8), tc-tbf(8) and netem's own pages among them.
#include "convert/tc.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "conversion_fixture.hpp"
#include "convert/foreign_quantity.hpp"
#include "support/thrown_error.hpp"

namespace tunrelay::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Conversion tc(const std::string& text) {
  return convert_tc(text, "net.sh");
}

TEST(TcConversionTest, ReadsTheExamplesOfItsPages) {
  struct Example {
    const char* options;
    const char* stages;
  };
  constexpr Example kExamples[] = {
      {"netem delay 100ms", "delay 100ms"},
      {"netem delay 100ms 10ms", "delay 100ms 10ms"},
      {"netem delay 100ms 10ms 25%", "delay 100ms 10ms 25%"},
      {"netem delay 100ms 20ms distribution normal", "delay 100ms 20ms normal"},
      {"netem loss 0.1%", "loss 0.1%"},
      {"netem loss 0.3% 25%", "loss 0.3% 25%"},
      {"netem loss random 1", "loss 1%"},
      {"netem loss gemodel 1% 10% 70% 0.1%", "loss gemodel 1% 10% 70% 0.1%"},
      {"netem loss state 1% 30%", "loss state 1% 30%"},
      {"netem duplicate 1%", "duplicate 1%"},
      {"netem corrupt 0.1%", "corrupt 0.1%"},
      {"netem gap 5 delay 10ms", "delay 10ms reorder 100% gap 5"},
      {"netem delay 10ms reorder 25% 50%", "delay 10ms reorder 25% 50%"},
      {"netem delay 10ms reorder 25% 50% gap 5", "delay 10ms reorder 25% 50% gap 5"},
      {"netem rate 5kbit 20 100 5", "rate 5kbit overhead 20 cell 100 5"},
      {"netem delay 100000", "delay 100ms"},
      {"netem slot 800us 1ms packets 20", "slot 800us 1ms packets 20"},
      {"netem slot distribution pareto 1ms 0.1ms bytes 64k",
       "slot distribution pareto 1ms 100us bytes 64KiB"},
      {"netem delay 20ms loss 1% duplicate 2% corrupt 3% rate 1mbit limit 50",
       "loss 1%, duplicate 2%, corrupt 3%, delay 20ms, rate 1mbit limit 50 packets"},
      {"tbf rate 256kbit buffer 1600 limit 3000", "rate 256kbit burst 1600 limit 3000B"},
      {"tbf rate 0.5mbit burst 5kb latency 70ms", "rate 500kbit burst 5KiB limit 70ms"},
      {"tbf rate 1mbps burst 32kbit/8 latency 400ms linklayer atm overhead 10",
       "rate 8mbit burst 4KiB overhead 10 cell 48 5 limit 400ms"},
  };
  for (const Example& example : kExamples) {
    const Conversion read = tc(std::string("sudo tc qdisc add dev eth0 root ") + example.options);
    EXPECT_EQ(through_file(read).directions[0], parse_stages({example.stages, "expected"}))
        << example.options << ": " << a_to_b(read);
    EXPECT_THAT(left_out(read), IsEmpty()) << example.options;
    EXPECT_EQ(b_to_a(read), "");
  }
}

TEST(TcConversionTest, AChildIsMetBeforeItsTbf) {
  const Conversion child =
      tc("tc qdisc add dev eth0 root handle 1:0 netem delay 100ms\n"
         "tc qdisc add dev eth0 parent 1:1 handle 10: tbf rate 256kbit buffer 1600 limit 3000");
  EXPECT_EQ(a_to_b(child).find("delay 100ms, rate 256kbit"), 0U);
  const Conversion parent =
      tc("tc qdisc add dev eth0 root handle 1: tbf rate 256kbit burst 1600 limit 3000; "
         "tc qdisc add dev eth0 parent 1:1 handle 10: netem delay 100ms");
  EXPECT_EQ(a_to_b(parent), a_to_b(child));
}

TEST(TcConversionTest, ASecondInterfaceIsTheWayBack) {
  const Conversion both = tc(
      "modprobe ifb\n"
      "ip link set dev ifb0 up\n"
      "tc qdisc add dev eth0 ingress\n"
      "tc filter add dev eth0 parent ffff: protocol ip u32 match u32 0 0 flowid 1:1 action mirred "
      "egress redirect dev ifb0\n"
      "tc qdisc add dev eth0 root netem delay 5ms\n"
      "tc qdisc add dev ifb0 root netem delay 750ms # the way back\n"
      "tc qdisc add dev eth9 root netem delay 1s\n");
  EXPECT_EQ(a_to_b(both), "delay 5ms");
  EXPECT_EQ(b_to_a(both), "delay 750ms");
  EXPECT_THAT(left_out(both), ElementsAre(HasSubstr("net.sh:3:1: tc qdisc add dev eth0 ingress"),
                                          HasSubstr("net.sh:4:1: tc filter add"),
                                          HasSubstr("net.sh:7:28: tc qdisc add dev eth9")));
}

TEST(TcConversionTest, ReadsWhatShowPrints) {
  const Conversion shown =
      tc("qdisc noqueue 0: dev lo root refcnt 2 \n"
         "qdisc netem 8001: dev eth0 root refcnt 2 limit 1000 delay 100ms  10ms 25% loss 1%\n"
         "qdisc tbf 8002: dev eth1 root refcnt 2 rate 1Mbit burst 5Kb lat 70ms \n");
  EXPECT_EQ(a_to_b(shown), "loss 1%, delay 100ms 10ms 25%");
  EXPECT_EQ(through_file(shown).directions[1],
            parse_stages({"rate 1mbit burst 5KiB limit 70ms", "expected"}));
  EXPECT_THAT(left_out(shown), ElementsAre(HasSubstr("net.sh:1:7: qdisc noqueue")));
}

TEST(TcConversionTest, SaysWhatItLeavesOutAndWhere) {
  const Conversion left = tc(
      "tc qdisc add dev eth0 root netem delay 100ms 20ms distribution experimental loss 1% ecn "
      "seed 7 limit 20\n"
      "tc class add dev eth0 parent 1: classid 1:1 htb rate 1mbit\n"
      "tc qdisc del dev eth0 root\n"
      "tc qdisc add dev eth0 root tbf rate 1mbit burst 5kb peakrate 2mbit mtu 1540 latency 9ms\n");
  EXPECT_EQ(a_to_b(left).find("loss 1%, delay 100ms 20ms, rate 1mbit"), 0U) << a_to_b(left);
  EXPECT_THAT(left_out(left),
              ElementsAre(HasSubstr("net.sh:1:51: distribution experimental"),
                          HasSubstr("net.sh:1:85: ecn"), HasSubstr("net.sh:1:89: seed 7"),
                          HasSubstr("net.sh:1:96: limit 20: delays are bounded"),
                          HasSubstr("net.sh:2:1: tc class add"), HasSubstr("peakrate 2mbit"),
                          HasSubstr("mtu 1540")));
}

TEST(TcConversionTest, RefusesWhatHasNone) {
  EXPECT_EQ(thrown_error([] { return tc("ip route add default dev eth0"); }).exit_code(),
            ExitCode::kUsage);
  EXPECT_THAT(left_out(tc("tc")), ElementsAre(HasSubstr("nothing is said")));
  EXPECT_THAT(left_out(tc("tc qdisc add dev eth0 root netem delay soon")),
              ElementsAre(HasSubstr("delay"), HasSubstr("soon")));
  EXPECT_THAT(left_out(tc("tc qdisc add dev eth0 root netem loss 130%")),
              ElementsAre(HasSubstr("loss"), HasSubstr("130%")));
}

TEST(ForeignQuantityTest, ReadsUnitsAsTheirProgramsDo) {
  EXPECT_EQ(tc_time_ns("20"), 20'000) << "microseconds";
  EXPECT_EQ(tc_time_ns("1.5s"), 1'500'000'000);
  EXPECT_EQ(tc_time_ns("1m"), std::nullopt) << "tc has no minutes";
  EXPECT_EQ(tc_rate_bits_per_s("1mbps"), 8'000'000U) << "bytes a second";
  EXPECT_EQ(tc_rate_bits_per_s("1.5Mbit"), 1'500'000U);
  EXPECT_EQ(tc_size_bytes("32kbit"), 4096U);
  EXPECT_EQ(plain_rate_bits_per_s("1Gbps 200Mbps"), 1'200'000'000U);
  EXPECT_EQ(plain_rate_bits_per_s("250K"), 250'000U);
  EXPECT_EQ(plain_size_bytes("683.6 KiB"), 700'006U);
  EXPECT_EQ(plain_size_bytes("5KB"), 5000U);
  EXPECT_EQ(plain_time_ns("1s 500ms"), 1'500'000'000);
  EXPECT_EQ(plain_time_ns("2.5", 1'000'000), 2'500'000);
  for (const char* text : {"", "x", "-1ms", "inf", "nan", "1e400", "99999999999999999999s"}) {
    EXPECT_EQ(tc_time_ns(text), std::nullopt) << text;
    EXPECT_EQ(plain_time_ns(text), std::nullopt) << text;
    EXPECT_EQ(plain_rate_bits_per_s(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace tunrelay::test
