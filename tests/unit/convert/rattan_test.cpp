// SPDX-License-Identifier: MIT
// Rattan's configurations: cells and links as its example files have them.
#include "convert/rattan.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "conversion_fixture.hpp"
#include "support/thrown_error.hpp"

namespace tunrelay::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Conversion rattan(const std::string& text) {
  return convert_rattan(text, "rattan.toml");
}

/// CELL between left and right; an empty way back.
Conversion cell(const std::string& cell) {
  return rattan("[cells.one]\n" + cell +
                "\n[links]\nleft = \"one\"\none = \"right\"\nright = \"left\"\n");
}

TEST(RattanTest, ReadsAPublicServersConfiguration) {
  const Conversion link = rattan(R"(
[env]
mode = "Compatible"
[cells.up_loss]
type = "Loss"
pattern = []
[cells.up_bandwidth]
type = "Bw"
queue = "Infinite"
bandwidth = "100Mbps"
[cells.up_delay]
type = "Delay"
delay = "20ms"
[cells.down_bandwidth]
type = "TokenBucket"
limit = 0
rate = "2Mbps"
burst = "683.6 KiB"
[cells.down_delay]
type = "Delay"
delay = "20ms"
[links]
left = "up_loss"
up_loss = "up_bandwidth"
up_bandwidth = "up_delay"
up_delay = "right"
right = "down_bandwidth"
down_bandwidth = "down_delay"
down_delay = "left"
)");
  EXPECT_EQ(a_to_b(link), "rate 100mbit infinite, delay 20ms");
  EXPECT_EQ(through_file(link).directions[1],
            parse_stages({"policer 2mbit burst 700006, delay 20ms", "expected"}));
  EXPECT_THAT(left_out(link), IsEmpty());
}

TEST(RattanTest, ReadsCells) {
  struct Example {
    const char* cell;
    const char* stages;
  };
  constexpr Example kExamples[] = {
      {"type = 'Bw'\nbw_type = 'NetworkLayer'\nbandwidth = '1Gbps 200Mbps'\nqueue = 'DropTail'\n"
       "queue_config = { packet_limit = 60 }",
       "rate 1200mbit limit 60 packets"},
      {"type = 'Bw'\nbw_type = 'LinkLayer'\nbandwidth = '10Mbps'\nqueue = 'CoDel'\n"
       "queue_config = { byte_limit = 90000, target = '7ms', interval = '90ms' }",
       "rate 10mbit overhead 38 limit 90000B codel target 7ms interval 90ms"},
      {"type = 'BwReplay'\ntrace = './assets/24Mbps.trace'\nqueue = 'DropHead'",
       "trace ./assets/24Mbps.trace drophead"},
      {"type = 'Bw'\nbandwidth = '10Mbps'\nqueue = 'Pie'\nqueue_config = { ref_del = 0.02 }",
       "rate 10mbit pie target 20ms"},
      {"type = 'Loss'\npattern = [0.1]", "loss 10%"},
      {"type = 'Loss'\npattern = [0.25, 0.75]", "loss gemodel 25% 25%"},
      {"type = 'Delay'\ndelay = '10ms'", "delay 10ms"},
      {"type = 'Shadow'", ""},
      {"type = 'TokenBucket'\nlimit = 1024\nburst = '5KB'\nrate = '500Kbps'",
       "rate 500kbit burst 5000 limit 1024B"},
  };
  for (const Example& example : kExamples) {
    const Conversion read = cell(example.cell);
    const StageList expected =
        *example.stages == '\0' ? StageList() : parse_stages({example.stages, "expected"});
    EXPECT_EQ(read.link().directions[0], expected) << example.cell << "\n" << a_to_b(read);
    EXPECT_THAT(left_out(read), IsEmpty()) << example.cell;
  }
}

TEST(RattanTest, SaysWhatItLeavesOutAndWhere) {
  EXPECT_THAT(left_out(cell("type = 'LossReplay'\ntrace = 'dynamic-loss.toml'")),
              ElementsAre(HasSubstr("rattan.toml:1:1: cell one: the cell of type LossReplay")));
  EXPECT_THAT(left_out(cell("type = 'Loss'\npattern = [0.1, 0.2, 0.3]")),
              ElementsAre(HasSubstr("a loss pattern of 3 numbers")));
  EXPECT_THAT(left_out(cell("type = 'BwReplay'\ntrace = 'bw.json'")),
              ElementsAre(HasSubstr("the trace bw.json")));
  EXPECT_THAT(left_out(cell("type = 'Bw'\nbandwidth = 'much'")),
              ElementsAre(HasSubstr("bandwidth")));
  EXPECT_THAT(left_out(cell("type = 'Router'")), ElementsAre(HasSubstr("Router")));
  EXPECT_THAT(left_out(rattan("[links]\nleft = 'a'\n[cells.a]\ntype = 'Shadow'")),
              ElementsAre(HasSubstr("the way ends")));
  EXPECT_THAT(left_out(rattan("[links]\nleft = 'a'\na = 'b'\nb = 'a'\n[cells.a]\ntype = 'Shadow'\n"
                              "[cells.b]\ntype = 'Shadow'")),
              ElementsAre(HasSubstr("the way comes back")));
  EXPECT_THAT(left_out(rattan("[links]\nleft1 = 'right'\nleft2 = 'right'")),
              ElementsAre(HasSubstr("the way from left2")));
}

TEST(RattanTest, RefusesWhatIsNone) {
  for (const char* text : {"", "a = 1", "[links]\nx = 'y'", "[links", "links = 3"})
    EXPECT_EQ(thrown_error([&] { return rattan(text); }).exit_code(), ExitCode::kUsage) << text;
}

}  // namespace
}  // namespace tunrelay::test
