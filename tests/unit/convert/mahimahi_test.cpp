// SPDX-License-Identifier: MIT
// mahimahi's command lines, those of its manual pages among them.
#include "convert/mahimahi.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "conversion_fixture.hpp"
#include "support/thrown_error.hpp"

namespace tunrelay::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Conversion mahimahi(const std::string& text) {
  return convert_mahimahi(text, "run.sh");
}

TEST(MahimahiTest, ReadsTheManualsExamples) {
  const Conversion link = mahimahi("$ mm-link 12Mbps_trace 12Mbps_trace\n");
  EXPECT_EQ(a_to_b(link), "trace 12Mbps_trace infinite");
  EXPECT_EQ(b_to_a(link), "trace 12Mbps_trace infinite");
  EXPECT_THAT(left_out(link), IsEmpty());
  const Conversion delay = mahimahi("mm-delay 50 mm-loss uplink 0.1 iperf -c $MAHIMAHI_BASE");
  EXPECT_EQ(a_to_b(delay), "loss 10%, delay 50ms");
  EXPECT_EQ(b_to_a(delay), "delay 50ms");
  EXPECT_THAT(left_out(delay), IsEmpty()) << "the command is the user's own";
}

TEST(MahimahiTest, TheInnermostShellIsNextToTheCommand) {
  const Conversion chain = mahimahi(
      "mm-delay 20 mm-loss downlink 0.01 mm-link up.trace down.trace \\\n"
      "  --uplink-queue=droptail --uplink-queue-args=\"packets=100\" -- bash -c 'mm-delay 3'");
  EXPECT_EQ(a_to_b(chain), "trace up.trace limit 100 packets, delay 20ms");
  EXPECT_EQ(b_to_a(chain), "delay 20ms, loss 1%, trace down.trace infinite");
  EXPECT_THAT(left_out(chain), IsEmpty());
  EXPECT_EQ(through_file(chain), chain.link());
}

TEST(MahimahiTest, ReadsQueues) {
  const Conversion queues = mahimahi(
      "mm-link u d --uplink-queue codel --uplink-queue-args 'packets=300, target=5, interval=100' "
      "--downlink-queue=pie --downlink-queue-args=bytes=150000,qdelay_ref=20,max_burst=1");
  EXPECT_EQ(a_to_b(queues), "trace u limit 300 packets codel target 5ms interval 100ms");
  EXPECT_EQ(b_to_a(queues), "trace d limit 150000B pie target 20ms");
  EXPECT_THAT(left_out(queues),
              ElementsAre(HasSubstr("run.sh:1:1: mm-link queue argument max_burst=1")));
}

TEST(MahimahiTest, SaysWhatItLeavesOutAndWhere) {
  const Conversion others = mahimahi(
      "# comment\n"
      "mm-intermittent uplink 5 0.5 mm-onoff downlink 1 2 mm-link --once u d --meter-all\n"
      "mm-delay 7\n");
  EXPECT_EQ(a_to_b(others), "trace u infinite, outage up 5s down 500ms");
  EXPECT_EQ(b_to_a(others), "trace d infinite");
  EXPECT_THAT(left_out(others),
              ElementsAre(HasSubstr("run.sh:2:30: mm-onoff downlink 1 2: there are no outages"),
                          HasSubstr("run.sh:2:52: mm-link --once: a trace begins again"),
                          HasSubstr("mm-link --meter-all"),
                          HasSubstr("run.sh:3:1: mm-delay 7: it is another link")));
  const Conversion replay = mahimahi("mm-webreplay folder mm-delay 3");
  EXPECT_THAT(left_out(replay), ElementsAre(HasSubstr("mm-webreplay folder mm-delay 3")));
}

TEST(MahimahiTest, RefusesWhatHasNone) {
  EXPECT_EQ(thrown_error([] { return mahimahi("ping -c 3 mm-delay.example"); }).exit_code(),
            ExitCode::kUsage);
  EXPECT_THAT(left_out(mahimahi("mm-delay soon")), ElementsAre(HasSubstr("in milliseconds")));
  EXPECT_THAT(left_out(mahimahi("mm-loss uplink 3")), ElementsAre(HasSubstr("from 0 to 1")));
  EXPECT_THAT(left_out(mahimahi("mm-delay 1e9")), ElementsAre(HasSubstr("mm-delay")));
}

}  // namespace
}  // namespace tunrelay::test
