// SPDX-License-Identifier: MIT
// Which messages the helper takes for requests, and a plan on its way to it.
#include "route/helper/helper_protocol.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstring>
#include <initializer_list>
#include <span>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "journal_samples.hpp"
#include "route/helper/plan_text.hpp"

namespace tunrelay::test {
namespace {

using RequestKind = HelperRequestKind;

constexpr std::size_t kPlanSteps = 10;

bool is_taken(const HelperRequest& request, std::size_t plan_steps = kPlanSteps) {
  const auto taken = parse_helper_request(std::as_bytes(std::span(&request, 1)), plan_steps);
  return taken && taken->number == request.number && taken->kind == request.kind;
}

HelperRequest repair_of(std::initializer_list<int> steps) {
  HelperRequest request{.number = 1, .kind = RequestKind::kRepair};
  for (const int step : steps) request.steps.at(request.count++) = static_cast<std::uint16_t>(step);
  return request;
}

TEST(HelperProtocolTest, EachKindIsTakenAtItsTime) {
  for (const RequestKind kind : {RequestKind::kTakeJournal, RequestKind::kTakePlan}) {
    EXPECT_TRUE(is_taken({.number = 1, .kind = kind}, 0));
    EXPECT_FALSE(is_taken({.number = 1, .kind = kind})) << "there is a plan already";
  }
  for (const RequestKind kind : {RequestKind::kFollowNames, RequestKind::kUndo}) {
    EXPECT_TRUE(is_taken({.number = 1, .kind = kind}));
    EXPECT_FALSE(is_taken({.number = 1, .kind = kind}, 0)) << "there is no plan yet";
  }
  EXPECT_TRUE(is_taken(repair_of({0, 3, 9})));
  EXPECT_FALSE(is_taken(repair_of({0}), 0));
  for (const std::size_t steps : {std::size_t{0}, kPlanSteps})
    EXPECT_TRUE(is_taken({.number = 1, .kind = RequestKind::kDismiss}, steps));
  for (const EndSocket socket : {EndSocket::kRoutes, EndSocket::kIpv4, EndSocket::kIpv6})
    EXPECT_TRUE(
        is_taken({.number = 1, .kind = RequestKind::kOpenSocket, .socket = socket, .end = 1}));
}

TEST(HelperProtocolTest, OtherSizesAreNoRequests) {
  const HelperRequest request{.number = 1, .kind = RequestKind::kUndo};
  std::vector<std::byte> bytes(2 * sizeof request);
  std::memcpy(bytes.data(), &request, sizeof request);
  for (std::size_t size = 0; size <= bytes.size(); ++size)
    EXPECT_EQ(parse_helper_request(std::span(bytes).first(size), kPlanSteps).has_value(),
              size == sizeof request);
}

TEST(HelperProtocolTest, NoFieldHasAValueThatItsKindDoesNotHave) {
  EXPECT_FALSE(is_taken({.number = 0, .kind = RequestKind::kUndo})) << "that is a note's";
  for (int kind = 0; kind < 256; ++kind) {
    if (kind >= static_cast<int>(RequestKind::kTakeJournal) &&
        kind <= static_cast<int>(RequestKind::kDismiss))
      continue;
    EXPECT_FALSE(is_taken({.number = 1, .kind = static_cast<RequestKind>(kind)})) << kind;
    EXPECT_FALSE(is_taken({.number = 1, .kind = static_cast<RequestKind>(kind)}, 0)) << kind;
  }
  for (const RequestKind kind :
       {RequestKind::kFollowNames, RequestKind::kUndo, RequestKind::kDismiss}) {
    EXPECT_FALSE(is_taken({.number = 1, .kind = kind, .socket = EndSocket::kIpv4}));
    EXPECT_FALSE(is_taken({.number = 1, .kind = kind, .end = 1}));
    EXPECT_FALSE(is_taken({.number = 1, .kind = kind, .count = 1}));
    EXPECT_FALSE(is_taken({.number = 1, .kind = kind, .steps = {{1}}}));
  }
  const HelperRequest socket{
      .number = 1, .kind = RequestKind::kOpenSocket, .socket = EndSocket::kIpv4};
  HelperRequest changed = socket;
  changed.end = 2;
  EXPECT_FALSE(is_taken(changed));
  for (const int kind : {0, 4, 255}) {
    changed = socket;
    changed.socket = static_cast<EndSocket>(kind);
    EXPECT_FALSE(is_taken(changed)) << kind;
  }
}

TEST(HelperProtocolTest, StepsAreThoseOfThePlanEachOnce) {
  EXPECT_FALSE(is_taken(repair_of({})));
  EXPECT_FALSE(is_taken(repair_of({10}))) << "one behind the last";
  EXPECT_FALSE(is_taken(repair_of({65'535})));
  EXPECT_FALSE(is_taken(repair_of({3, 3})));
  EXPECT_FALSE(is_taken(repair_of({4, 3})));
  HelperRequest request = repair_of({1});
  request.steps[1] = 2;
  EXPECT_FALSE(is_taken(request)) << "what is not counted is not there";
  request = {};
  request.number = 1;
  request.kind = RequestKind::kRepair;
  for (std::size_t step = 0; step < kMaxHelperSteps; ++step)
    request.steps.at(step) = static_cast<std::uint16_t>(step);
  request.count = kMaxHelperSteps;
  EXPECT_TRUE(is_taken(request, 100));
  request.count = kMaxHelperSteps + 1;
  EXPECT_FALSE(is_taken(request, 100));
  request.count = 255;
  EXPECT_FALSE(is_taken(request, 100));
}

TEST(PlanTextTest, IsReadBackAsTheSame) {
  Plan plan{.ends = {.strategy = Strategy::kNamespaces,
                     .a = {.device = "tun0",
                           .device_index = 7,
                           .netns = "left",
                           .addresses = {IpPrefix::parse("192.168.13.1/24")}},
                     .b = {.device = "tun1", .device_index = 8, .netns = "right"}},
            .steps = all_kinds_of_steps()};
  const Plan read = parse_plan(plan_text(plan));
  EXPECT_EQ(read.steps, plan.steps);
  EXPECT_EQ(read.ends.strategy, plan.ends.strategy);
  for (const auto& [one, other] :
       {std::pair(read.ends.a, plan.ends.a), std::pair(read.ends.b, plan.ends.b)}) {
    EXPECT_EQ(one.device, other.device);
    EXPECT_EQ(one.device_index, other.device_index);
    EXPECT_EQ(one.netns, other.netns);
    EXPECT_EQ(one.addresses, other.addresses);
  }
}

TEST(PlanTextTest, OthersAreRefused) {
  for (const char* text : {"", "{", "[]", "{}", R"({"strategy":"policy","a":{},"b":{}})",
                           R"({"strategy":"none","a":1,"b":2,"steps":[]})"})
    EXPECT_THROW(static_cast<void>(parse_plan(text)), Error) << text;
}

}  // namespace
}  // namespace tunrelay::test
