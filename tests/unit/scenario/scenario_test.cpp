// SPDX-License-Identifier: MIT
// Scenarios from their text to the link of each moment: what happens when, what is refused where,
// and that nothing but the text and the seed decides.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "link/stage_text.hpp"
#include "scenario/scenario_file.hpp"
#include "scenario/scenario_player.hpp"
#include "support/random.hpp"
#include "support/temporary_folder.hpp"
#include "support/thrown_error.hpp"

namespace tunrelay::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr std::int64_t kMs = kNanosecondsPerMillisecond;
constexpr std::int64_t kS = kNanosecondsPerSecond;

using Files = std::map<std::string, std::string>;

std::shared_ptr<const Scenario> scenario_of(const std::string& toml, const Files& files = {}) {
  return std::make_shared<const Scenario>(
      parse_scenario(toml, "x.toml", [&files](const std::string& name) { return files.at(name); }));
}

ScenarioPlayer player_of(const std::string& toml, const std::string& base = "",
                         std::uint64_t seed = 1, const Files& files = {}) {
  const StageList stages = parse_stages({base, "base"});
  return {scenario_of(toml, files), LinkDescription{{stages, stages}, seed}};
}

/// "1500 delay 5ms": the time in ms and a direction's text, from the start on, until END.
std::vector<std::string> history(ScenarioPlayer player, std::int64_t end_ns,
                                 std::size_t direction = 0) {
  std::vector<std::string> lines;
  const auto note = [&](std::int64_t now_ns) {
    lines.push_back(std::to_string(now_ns / kMs) + " " +
                    print_stages(player.link().directions.at(direction)));
  };
  note(0);
  while (player.next_ns() < end_ns) {
    const std::int64_t now_ns = player.next_ns();
    const LinkDescription before = player.link();
    const bool differs = player.advance(now_ns);
    EXPECT_EQ(differs, before != player.link());
    EXPECT_GT(player.next_ns(), now_ns) << "time goes on";
    if (before.directions.at(direction) != player.link().directions.at(direction)) note(now_ns);
  }
  return lines;
}

TEST(Scenario, StepsChangeListsParametersAndLinks) {
  EXPECT_THAT(history(player_of("[[step]]\nat = \"1s\"\na-to-b = \"rate 5mbit, delay 20ms\"\n"
                                "[[step]]\nat = \"2s\"\nset = { rate = \"9mbit\", loss = \"1%\" }\n"
                                "[[step]]\nat = \"3s\"\nlink = \"dsl\"\n"
                                "[[step]]\nat = \"4s\"\na_to_b = [\"loss 1%\", \"delay 1ms\"]\n",
                                "loss 2%"),
                      10 * kS),
              ElementsAre("0 loss 2%", "1000 rate 5mbit, delay 20ms",
                          "2000 rate 9mbit, delay 20ms, loss 1%", HasSubstr("3000 rate 384kbit"),
                          "4000 loss 1%, delay 1ms"));
}

TEST(Scenario, WhatHappensAtTheStartIsTheFirstLink) {
  EXPECT_THAT(history(player_of("[[step]]\na-to-b = \"delay 7ms\"\n"), kS),
              ElementsAre("0 delay 7ms"));
}

TEST(Scenario, RepeatsCountTheirTimesAndEnd) {
  const std::string step = "[[step]]\nat = \"1s\"\nset = { delay = \"1ms\" }\nevery = \"2s\"\n";
  const std::string back = "[[step]]\nat = \"2s\"\nset = { delay = \"9ms\" }\nevery = \"2s\"\n";
  EXPECT_THAT(
      history(player_of(step + "times = 2\n" + back), 7 * kS + 1),
      ElementsAre("0 ", "1000 delay 1ms", "2000 delay 9ms", "3000 delay 1ms", "4000 delay 9ms"));
  EXPECT_THAT(history(player_of(step + "until = \"3s\"\n" + back), 7 * kS + 1),
              ElementsAre("0 ", "1000 delay 1ms", "2000 delay 9ms"));
  EXPECT_EQ(history(player_of(step + back), 3600 * kS).size(), 3600U) << "for ever";
}

TEST(Scenario, OutagesAreChangesInPlace) {
  const std::string down = "outage up 0 down 1s, delay 1ms";
  const std::string up = "outage at 0 for 0, delay 1ms";
  EXPECT_THAT(history(player_of("[[step]]\nat = \"1s\"\nevery = \"5s\"\noutage = \"300ms\"\n"
                                "[[step]]\nat = \"6100ms\"\noutage = \"1s\"\n",
                                "delay 1ms"),
                      10 * kS),
              ElementsAre("0 " + up, "1000 " + down, "1300 " + up, "6000 " + down, "7100 " + up))
      << "those that overlap end with the last";
}

TEST(Scenario, ARampGoesFromOneValueToTheOther) {
  EXPECT_THAT(history(player_of("[[step]]\nat = \"1s\"\nramp = { rate = [\"10mbit\", \"50mbit\"], "
                                "over = \"8s\", shape = \"steps\", steps = 4 }\n",
                                "rate 1mbit"),
                      20 * kS),
              ElementsAre("0 rate 1mbit", "1000 rate 10mbit", "3000 rate 20mbit",
                          "5000 rate 30mbit", "7000 rate 40mbit", "9000 rate 50mbit"));
  const auto line = history(player_of("[[step]]\nramp = { delay = [\"0\", \"10ms\", \"0\"], over = "
                                      "\"2s\" }\ndirection = \"a-to-b\"\n"),
                            20 * kS);
  ASSERT_EQ(line.size(), 21U) << "each 100 ms";
  EXPECT_EQ(line[5], "500 delay 5ms");
  EXPECT_EQ(line[10], "1000 delay 10ms");
  EXPECT_EQ(line[15], "1500 delay 5ms");
  EXPECT_THAT(history(player_of("[[step]]\nramp = { delay = [\"0\", \"10ms\"], over = \"2s\" }\n"
                                "direction = \"a-to-b\"\n"),
                      20 * kS, 1),
              ElementsAre("0 "))
      << "the other direction stays";
}

TEST(Scenario, ATraceSetsWhatItsColumnsSay) {
  const Files files{{"t.csv",
                     "# measured\ntime_s, rate_mbit, b_to_a_delay, loss_percent\n"
                     "0, 40, 30ms, 0\n1.5,,10ms,\n2,20,20ms,0.5\n"}};
  const std::string step = "[[step]]\nat = \"1s\"\ndirection = \"a-to-b\"\ntrace = \"t.csv\"\n";
  EXPECT_THAT(
      history(player_of(step, "rate 1mbit", 1, files), 10 * kS),
      ElementsAre("0 rate 1mbit", "1000 rate 40mbit, loss 0%", "3000 rate 20mbit, loss 0.5%"));
  EXPECT_THAT(history(player_of(step, "rate 1mbit", 1, files), 10 * kS, 1),
              ElementsAre("0 rate 1mbit", "1000 rate 1mbit, delay 30ms",
                          "2500 rate 1mbit, delay 10ms", "3000 rate 1mbit, delay 20ms"));
  EXPECT_THAT(
      history(player_of("[[step]]\ntrace = { file = \"t.csv\", shape = \"linear\", interval = "
                        "\"500ms\" }\n",
                        "rate 1mbit", 1, files),
              10 * kS),
      ElementsAre("0 rate 40mbit, loss 0%", "2000 rate 20mbit, loss 0.5%"))
      << "an empty cell has the value before";
}

TEST(Scenario, WhatIsWrongHasItsPlace) {
  const auto refusal = [](const std::string& toml, const Files& files = {}) {
    const Error error = thrown_error([&] { return scenario_of(toml, files); });
    EXPECT_EQ(error.exit_code(), ExitCode::kUsage);
    return std::string(error.what());
  };
  EXPECT_THAT(refusal("summary = \"none\"\n"), HasSubstr("nothing happens in it"));
  EXPECT_THAT(refusal("[[step]]\nat = \"5\"\n"), HasSubstr("x.toml:2:6: "));
  EXPECT_THAT(refusal("[[step]]\nat = 5\n"), HasSubstr("x.toml:2:6: a time is a text"));
  EXPECT_THAT(refusal("[[step]]\na-to-b = \"dely 3ms\"\n"),
              HasSubstr("x.toml:2:10: 'dely' is not"));
  EXPECT_THAT(refusal("[[step]]\n\nhop = \"1s\"\n"),
              HasSubstr("x.toml:3:7: 'hop' is not expected"));
  EXPECT_THAT(refusal("[[step]]\nlink = \"5g\"\n"), HasSubstr("x.toml:2:8: "));
  EXPECT_THAT(refusal("[[step]]\nset = { speed = \"1mbit\" }\n"),
              HasSubstr("x.toml:2:17: 'speed'"));
  EXPECT_THAT(refusal("[[step]]\nset = { rate = \"1mbps\" }\n"), HasSubstr("x.toml:2:16: "));
  EXPECT_THAT(refusal("[[step]]\nset = { loss = \"101%\" }\n"), HasSubstr("more than a link"));
  EXPECT_THAT(refusal("[[step]]\noutage = \"2s\"\nevery = \"1s\"\n"), HasSubstr("x.toml:2:10: "));
  EXPECT_THAT(refusal("[[step]]\nramp = { rate = [\"1mbit\"], over = \"1s\" }\n"),
              HasSubstr("x.toml:2:17: this is an array of 2"));
  EXPECT_THAT(refusal("[[step]]\nramp = { rate = [\"1mbit\", \"2mbit\"] }\n"),
              HasSubstr("how long it takes"));
  EXPECT_THAT(
      refusal("[[step]]\nramp = { rate = [\"1mbit\", \"2mbit\"], over = \"1s\", steps = 2000 }\n"),
      HasSubstr("shorter than a millisecond"));
  EXPECT_THAT(refusal("[[step]]\nwalk = { rate = [\"2mbit\", \"1mbit\"], deviation = \"1mbit\", "
                      "interval = \"1s\" }\n"),
              HasSubstr("the least and the most"));
  EXPECT_THAT(refusal("[[step]]\nstates = [ { name = \"a\", mean = \"1s\", next = { c = 1 } }, "
                      "{ name = \"b\", mean = \"1s\" } ]\n"),
              HasSubstr("there is no state 'c'"));
  EXPECT_THAT(refusal("[[step]]\ntimes = 3\nset = { rate = \"1mbit\" }\n"),
              HasSubstr("needs to know how often"));
  EXPECT_THAT(refusal("[[step]\n"), HasSubstr("x.toml:1:"));
  EXPECT_THAT(refusal("step = [1]\n"), HasSubstr("a step is a table"));
  const auto trace_refusal = [&](const std::string& csv) {
    return refusal("[[step]]\ntrace = \"t.csv\"\n", {{"t.csv", csv}});
  };
  EXPECT_THAT(trace_refusal("time_s,rate_mbit\n0,1\n0,2\n"), HasSubstr("t.csv:3"));
  EXPECT_THAT(trace_refusal("time_s,speed\n0,1\n"), HasSubstr("t.csv:1: 'speed'"));
  EXPECT_THAT(trace_refusal("rate_mbit\n1\n"), HasSubstr("one column called time"));
  EXPECT_THAT(trace_refusal("time_s,rate_mbit\n0,1,2\n"), HasSubstr("t.csv:2: 3 values"));
  EXPECT_THAT(trace_refusal("time_s,rate_mbit\n0,fast\n"), HasSubstr("t.csv:2: "));
  EXPECT_THAT(trace_refusal("time_s,rate_mbit\n"), HasSubstr("no row"));
}

TEST(Scenario, ListsAreCheckedForWhatOnlyTheirStagesFind) {
  const auto scenario = scenario_of("[[step]]\na-to-b = 'loss 1% if \"no filter\"'\n");
  EXPECT_THAT(thrown_error([&] {
                scenario->check(LinkType::kIp);
                return 0;
              }).what(),
              HasSubstr("x.toml:2:10: "));
}

TEST(Scenario, NamedFilesStandBesideTheScenariosAndAreSources) {
  const TemporaryFolder folder;
  folder.write("t.csv", "time_s,rate_mbit\n0,3\n");
  folder.write("up.trace", "1\n");
  folder.write("mine.toml", "a-to-b = \"trace up.trace\"\n");
  const std::string file = folder.write(
      "x.toml", "[[step]]\ntrace = \"t.csv\"\n[[step]]\nat = \"1s\"\nlink = \"./mine.toml\"\n");
  const auto scenario = load_scenario(file);
  std::vector<std::string> names;
  for (const ScenarioSource& source : scenario->sources)
    names.push_back(source.name.substr(source.name.rfind('/') + 1));
  EXPECT_THAT(names, ElementsAre("x.toml", "t.csv", "mine.toml", "up.trace"));
  // From its sources it can be read again, wherever.
  const Scenario again =
      parse_scenario(*scenario->sources.front().text, scenario->sources.front().name,
                     [&](const std::string& name) {
                       for (const ScenarioSource& source : scenario->sources)
                         if (source.name == name) return *source.text;
                       throw_usage_error("read", name, "it is none of the sources");
                     });
  EXPECT_EQ(again.entries.size(), scenario->entries.size());
  again.check(LinkType::kIp);
}

TEST(Scenario, AWalkStaysWithinItsEndsAndHasItsDeviation) {
  ScenarioPlayer player = player_of(
      "[[step]]\ndirection = \"a-to-b\"\nwalk = { rate = [\"1mbit\", \"999mbit\"], deviation = "
      "\"2mbit\", interval = \"10ms\" }\n");
  double last = 500e6;
  double squares = 0;
  constexpr int kSteps = 20'000;
  for (int step = 1; step <= kSteps; ++step) {
    player.advance(player.next_ns());
    const double rate = static_cast<double>(
        std::get<BottleneckDescription>(player.link().directions[0][0].choice).bits_per_s);
    ASSERT_GE(rate, 1e6);
    ASSERT_LE(rate, 999e6);
    squares += (rate - last) * (rate - last);
    last = rate;
  }
  EXPECT_NEAR(std::sqrt(squares / kSteps), 2e6, 0.1e6);
}

TEST(Scenario, LogNormalValuesHaveTheirMedianAndSigma) {
  ScenarioPlayer player = player_of(
      "[[step]]\nlognormal = { delay = [\"1us\", \"10s\"], median = \"20ms\", sigma = 0.5, "
      "interval = "
      "\"1ms\" }\n");
  double sum = 0;
  double squares = 0;
  constexpr int kDraws = 20'000;
  for (int draw = 0; draw < kDraws; ++draw) {
    player.advance(player.next_ns());
    const auto& delay = std::get<DelayDescription>(player.link().directions[1][0].choice);
    const double log = std::log(static_cast<double>(delay.config.delay_ns) / 20e6);
    sum += log;
    squares += log * log;
  }
  EXPECT_NEAR(sum / kDraws, 0, 0.02);
  EXPECT_NEAR(std::sqrt(squares / kDraws), 0.5, 0.02);
}

TEST(Scenario, StatesLastAndFollowAsTheySay) {
  ScenarioPlayer player = player_of(
      "[[step]]\nstates = [ { name = \"good\", mean = \"2s\", next = { bad = 3, lost = 1 }, a-to-b "
      "= "
      "\"loss 0%\" }, { name = \"bad\", mean = \"500ms\", a-to-b = \"loss 9%\", next = { good = 1 "
      "} "
      "}, { name = \"lost\", mean = \"1s\", outage = true, next = { good = 1 } } ]\n");
  std::map<std::string, std::pair<double, int>> seen;  // by text: seconds and times
  std::int64_t now_ns = 0;
  for (int change = 0; change < 20'000; ++change) {
    const std::int64_t next_ns = player.next_ns();
    const LinkDescription& link = player.link();
    const bool is_down = std::get<OutageConfig>(link.directions[0][0].choice).down_ns != 0;
    auto& [time_s, times] = seen[is_down ? "down" : print_stages({link.directions[0][1]})];
    time_s += static_cast<double>(next_ns - now_ns) / kS;
    ++times;
    now_ns = next_ns;
    player.advance(now_ns);
  }
  ASSERT_EQ(seen.size(), 3U);
  EXPECT_NEAR(seen["loss 0%"].first / seen["loss 0%"].second, 2, 0.1);
  EXPECT_NEAR(seen["loss 9%"].first / seen["loss 9%"].second, 0.5, 0.025);
  EXPECT_NEAR(seen["down"].first / seen["down"].second, 1, 0.1);
  EXPECT_NEAR(static_cast<double>(seen["loss 9%"].second) / seen["down"].second, 3, 0.3);
}

TEST(Scenario, OnlyTheSeedDecides) {
  for (const LinkProfile& ready : ready_scenarios()) {
    const std::string name(ready.name);
    const auto scenario = load_scenario(name);
    EXPECT_FALSE(scenario->summary.empty()) << name;
    scenario->check(LinkType::kIp);
    const auto history_of = [&](std::uint64_t seed) {
      return history({scenario, LinkDescription{{}, seed}}, 300 * kS, 1);
    };
    const auto first = history_of(1);
    EXPECT_GT(first.size(), 5U) << name;
    EXPECT_EQ(first, history_of(1)) << name;
    // Who looks seldom finds the same link in the end.
    SeededRandom random;
    ScenarioPlayer player(scenario, LinkDescription{{}, 1});
    for (std::int64_t now_ns = 0; now_ns < 300 * kS;
         now_ns += static_cast<std::int64_t>(random.between(1, 20)) * kS)
      player.advance(now_ns);
    player.advance(300 * kS - 1);
    EXPECT_TRUE(first.back().ends_with(" " + print_stages(player.link().directions[1]))) << name;
    if (name == "train" || name == "flapping-link" || name == "leo-satellite") {
      EXPECT_NE(first, history_of(2)) << name;
    }
  }
}

TEST(Scenario, ItsEndLeavesNoOutage) {
  ScenarioPlayer player = player_of(
      "[[step]]\nat = \"1s\"\noutage = \"300ms\"\n[[step]]\nset = { rate = \"1mbit\" }\n");
  player.advance(kS + 100 * kMs);
  EXPECT_EQ(print_stages(player.link().directions[0]), "outage up 0 down 1s, rate 1mbit");
  EXPECT_EQ(print_stages(player.link_at_stop().directions[0]), "outage at 0 for 0, rate 1mbit");
  EXPECT_EQ(print_stages(player.bare_link().directions[0]), "rate 1mbit");
}

}  // namespace
}  // namespace tunrelay::test
