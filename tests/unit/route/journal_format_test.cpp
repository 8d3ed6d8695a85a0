// SPDX-License-Identifier: MIT
// The journal's text: what is written reads back, what is torn is left out, what makes no sense is
// refused. Pure.
#include "route/apply/journal_format.hpp"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "journal_samples.hpp"
#include "route/model/step_json.hpp"
#include "sample_host.hpp"

namespace tunrelay::test {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

TEST(JournalTextTest, EveryStepReadsBackAsItWasWritten) {
  for (const Step& step : all_kinds_of_steps())
    EXPECT_EQ(step_from_json(step_to_json(step)), step) << step_to_json(step).dump();
}

TEST(JournalTextTest, EveryPlanReadsBackAsItWasWritten) {
  for (const Strategy strategy : {Strategy::kPolicy, Strategy::kClassic, Strategy::kNamespaces}) {
    std::string text = header_line({.boot_id = "b", .netns_inode = 1, .instance = "x"});
    const Plan plan = make_plan(sample_request(strategy, Families::kBoth), sample_host());
    for (std::size_t at = 0; at < plan.steps.size(); ++at) text += step_line(at, plan.steps[at]);
    const auto contents = parse_journal(text, "x");
    ASSERT_TRUE(contents);
    EXPECT_EQ(contents->steps, plan.steps);
  }
}

class ParseTest : public ::testing::Test {
 protected:
  const JournalHeader header_{.boot_id = "0815",
                              .netns_inode = 4026531840,
                              .netns_cookie = 18446744073709551615ULL,
                              .instance = "test",
                              .owner = {812, 99},
                              .persistent = true};
  const std::vector<Step> steps_ = all_kinds_of_steps();
};

TEST_F(ParseTest, TheHeaderReadsBack) {
  const auto contents = parse_journal(header_line(header_), "x");
  ASSERT_TRUE(contents);
  EXPECT_EQ(contents->header.boot_id, "0815");
  EXPECT_EQ(contents->header.netns_inode, 4026531840U);
  EXPECT_EQ(contents->header.netns_cookie, header_.netns_cookie);
  EXPECT_EQ(contents->header.instance, "test");
  EXPECT_EQ(contents->header.owner, header_.owner);
  EXPECT_TRUE(contents->header.persistent);
  EXPECT_FALSE(contents->complete);
  EXPECT_THAT(contents->steps, IsEmpty());
}

TEST_F(ParseTest, AWithdrawnStepIsLeftOut) {
  const auto contents =
      parse_journal(header_line(header_) + step_line(0, steps_[0]) + step_line(1, steps_[1]) +
                        withdrawn_line(0) + complete_line(),
                    "x");
  ASSERT_TRUE(contents);
  EXPECT_THAT(contents->steps, ::testing::ElementsAre(steps_[1]));
  EXPECT_TRUE(contents->complete);
}

TEST_F(ParseTest, ATornLastLineIsLeftOutWhereverItIsTorn) {
  const std::string whole = header_line(header_) + step_line(0, steps_[0]);
  const std::string last = step_line(1, steps_[2]);
  for (std::size_t length = 0; length < last.size(); ++length) {
    const auto contents = parse_journal(whole + last.substr(0, length), "x");
    ASSERT_TRUE(contents);
    EXPECT_THAT(contents->steps, SizeIs(1)) << length;
  }
  const std::string header = header_line(header_);
  for (std::size_t length = 0; length < header.size(); ++length)
    EXPECT_FALSE(parse_journal(header.substr(0, length), "x")) << length;
}

TEST_F(ParseTest, AnUnknownVersionIsRefused) {
  JournalHeader other = header_;
  other.version = 2;
  const std::string message = error_of([&] { parse_journal(header_line(other), "/run/x"); });
  EXPECT_THAT(message, HasSubstr("/run/x"));
  EXPECT_THAT(message, HasSubstr("version 2"));
}

TEST_F(ParseTest, WhatMakesNoSenseIsRefusedWithItsLine) {
  const std::string header = header_line(header_);
  for (const std::string line :
       {"garbage", "[]", "{}", R"({"record":"step"})", R"({"record":"dance"})",
        R"({"record":"step","index":0,"change":{"do":"fly"},"undo":{"do":"nothing"}})",
        R"({"record":"step","index":0,"change":{"do":"add_address","prefix":"x"},"undo":{}})",
        R"({"record":"step","index":-1,"change":{"do":"add_rule"},"undo":{"do":"nothing"}})",
        R"({"record":"withdrawn","index":1e99})", R"({"record":"withdrawn","index":0.5})"}) {
    const std::string message = error_of([&] { parse_journal(header + line + "\n", "/run/x"); });
    EXPECT_THAT(message, HasSubstr("read the journal /run/x")) << line;
  }
  EXPECT_THAT(error_of([&] { parse_journal(complete_line(), "/run/x"); }),
              HasSubstr("does not begin with a header"));
}

}  // namespace
}  // namespace tunrelay::test
