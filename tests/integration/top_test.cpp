// SPDX-License-Identifier: MIT
// `tunrelay top` in a real terminal, tmux's: what it shows, how it takes keys, other sizes, and the
// end of its relay.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include <nlohmann/json.hpp>

#include "support/private_network.hpp"
#include "support/process.hpp"
#include "support/program.hpp"
#include "support/running_tunnel.hpp"
#include "support/terminal.hpp"

namespace tunrelay {
namespace {

using std::chrono::seconds;
using test::run;
using test::RunningTunnel;
using test::Terminal;
using ::testing::AnyOf;
using ::testing::HasSubstr;
using ::testing::Not;

std::vector<std::string> lines_of(const std::string& picture) {
  std::vector<std::string> lines;
  std::istringstream text(picture);
  for (std::string line; std::getline(text, line);) lines.push_back(line);
  return lines;
}

class TopTest : public test::PrivateNetwork {
 protected:
  static std::string top() { return test::program() + " top --interval 200ms"; }
  static void set_link(const std::string& direction, const std::string& stages) {
    test::output_of({test::program(), "link", "set", direction, stages});
  }
  static std::string link() { return test::output_of({test::program(), "link", "show"}); }
  /// 2 Mbit/s from a to b for some seconds.
  static std::vector<std::string> traffic() {
    return test::split(test::program() +
                       " gen 192.168.13.1 192.168.13.2 --rate 2mbit -l 1000 -t 8s -i 0 "
                       "--max-slip 10s");
  }
};

TEST_F(TopTest, ShowsTheLinkAtEverySize) {
  RunningTunnel tunnel("--flows");
  set_link("--a-to-b", "delay 5ms, rate 4mbit");
  test::BackgroundProcess sender(traffic());
  const Terminal terminal(80, 24, top());
  ASSERT_TRUE(terminal.shows("of 4.00 Mbit/s")) << terminal.picture();
  ASSERT_TRUE(terminal.shows("udp 192.168.13.1:")) << terminal.picture();
  for (const auto& [columns, rows] : {std::pair{80, 24}, {200, 50}, {60, 12}, {20, 5}, {80, 24}}) {
    terminal.resize(columns, rows);
    const std::string keys = columns < 60 ? " s sort" : "q quit";
    EXPECT_TRUE(test::eventually(seconds(5),
                                 [&terminal, &keys, height = rows] {
                                   const auto lines = lines_of(terminal.picture());
                                   return lines.size() == static_cast<std::size_t>(height) &&
                                          lines.back().find(keys) != std::string::npos &&
                                          lines.front().find("tunrelay ") != std::string::npos;
                                 }))
        << columns << "x" << rows << "\n"
        << terminal.picture();
  }
  ASSERT_TRUE(terminal.shows("delay p50 "));
  const std::string picture = terminal.picture();
  EXPECT_THAT(picture, HasSubstr("tun0 <-> tun1"));
  EXPECT_THAT(picture, HasSubstr("path proven"));
  EXPECT_THAT(picture, HasSubstr("a to b rate 4mbit"));
  EXPECT_THAT(picture, AnyOf(HasSubstr("█"), HasSubstr("▇"), HasSubstr("▆")))
      << "the lower one of two rows";
  EXPECT_THAT(terminal.picture(true), HasSubstr("\x1b[36m")) << "the chart has a colour";
  terminal.type({"q"});
  EXPECT_TRUE(terminal.shows("ended with 0"));
  EXPECT_THAT(terminal.picture(), Not(HasSubstr("path proven"))) << "the screen is as before";
}

TEST_F(TopTest, FollowsASizeThatNoSignalTells) {
  RunningTunnel tunnel("");
  const Terminal terminal(80, 24, "env --block-signal=WINCH " + top());
  ASSERT_TRUE(terminal.shows("q quit")) << terminal.picture();
  terminal.resize(20, 5);
  EXPECT_TRUE(terminal.shows("40 columns")) << terminal.picture();
  terminal.resize(80, 24);
  EXPECT_TRUE(terminal.shows("q quit")) << terminal.picture();
}

TEST_F(TopTest, ChangesTheLinkInPlace) {
  RunningTunnel tunnel("");
  set_link("--b-to-a", "delay 1ms");
  const Terminal terminal(80, 24, top());
  ASSERT_TRUE(terminal.shows("b to a delay 1ms")) << terminal.picture();
  terminal.type({"a"});
  terminal.type({"-l", "rate 7mbitx"});  // letter for letter
  ASSERT_TRUE(terminal.shows("rate 7mbitx")) << terminal.picture();
  terminal.type({"Enter"});
  EXPECT_TRUE(terminal.shows("could not")) << terminal.picture();
  EXPECT_THAT(link(), Not(HasSubstr("7mbit"))) << "a wrong link changes nothing";
  terminal.type({"a"});
  ASSERT_TRUE(terminal.shows("a to b: rate 7mbitx")) << "it can be corrected";
  terminal.type({"BSpace", "Enter"});
  EXPECT_TRUE(terminal.shows("The link is changed.")) << terminal.picture();
  EXPECT_TRUE(terminal.shows("of 7.00 Mbit/s")) << terminal.picture();
  EXPECT_THAT(link(), HasSubstr("a_to_b  rate 7mbit\nb_to_a  delay 1ms\n"));
  terminal.type({"b"});
  ASSERT_TRUE(terminal.shows("b to a: delay 1ms"));
  terminal.type({"C-u", "Enter"});
  EXPECT_TRUE(test::eventually(seconds(5), [] {
    return link().find("b_to_a  (nothing is done to packets)") != std::string::npos;
  }));
  // Leaving the prompt changes nothing.
  terminal.type({"a", "x", "Escape"});
  EXPECT_TRUE(terminal.shows("q quit"));
  EXPECT_THAT(link(), HasSubstr("a_to_b  rate 7mbit\n"));
}

TEST_F(TopTest, PausesSortsAndHelps) {
  RunningTunnel tunnel("--flows");
  const Terminal terminal(80, 24, top(), "NO_COLOR=1");
  ASSERT_TRUE(terminal.shows("by rate"));
  EXPECT_THAT(terminal.picture(true), Not(AnyOf(HasSubstr("\x1b[32m"), HasSubstr("\x1b[36m"))))
      << "NO_COLOR";
  terminal.type({"s"});
  EXPECT_TRUE(terminal.shows("by round trip"));
  terminal.type({"h"});
  EXPECT_TRUE(terminal.shows("sort flows"));
  terminal.type({"h", "p"});
  ASSERT_TRUE(terminal.shows("paused"));
  const std::string before = terminal.picture();
  std::this_thread::sleep_for(std::chrono::milliseconds(1'300));
  EXPECT_EQ(terminal.picture(), before) << "even the clock stands";
  terminal.type({"p"});
  EXPECT_TRUE(test::eventually(seconds(5), [&] { return terminal.picture() != before; }));
}

TEST_F(TopTest, EndsWithItsRelay) {
  RunningTunnel tunnel("");
  const Terminal terminal(80, 24, top());
  ASSERT_TRUE(terminal.shows("path proven"));
  tunnel.finish();
  EXPECT_TRUE(terminal.shows("tunrelay: the relay has ended")) << terminal.picture();
  EXPECT_TRUE(terminal.shows("ended with 0"));
}

TEST_F(TopTest, SaysWhyItCanNot) {
  const test::ProcessResult no_relay = run({test::program(), "top"});
  EXPECT_EQ(no_relay.exit_code, 3) << no_relay.describe();
  RunningTunnel tunnel("");
  const test::ProcessResult no_terminal = run({test::program(), "top"});
  EXPECT_EQ(no_terminal.exit_code, 3) << no_terminal.describe();
  EXPECT_THAT(no_terminal.standard_error, HasSubstr("is not a terminal"));
  EXPECT_EQ(run({test::program(), "top", "--interval", "1ms"}).exit_code, 2);
  const Terminal odd(80, 24, top(), "TERM=nonsense");
  EXPECT_TRUE(odd.shows("which TERM names")) << odd.picture();
  EXPECT_TRUE(odd.shows("ended with 3"));
}

}  // namespace
}  // namespace tunrelay
