// SPDX-License-Identifier: MIT
// Each strategy and family, on our own devices and on an administrator's, in a private network:
// afterwards everything is as before, however the tunnel ended. Root.
#include <gmock/gmock.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <regex>

#include "route/apply/apply.hpp"
#include "route_network.hpp"
#include "support/sanitizer.hpp"

namespace tunrelay::test {
namespace {

using ::testing::IsEmpty;

/// Away in a namespace a device loses its queueing discipline, and gets one when it is next up.
std::string state_for(const Variant& variant) {
  static const std::regex kQueueingDiscipline("\"qdisc\":\"[a-z_]*\"");
  const std::string state = network_state();
  return variant.strategy == Strategy::kNamespaces
             ? std::regex_replace(state, kQueueingDiscipline, "")
             : state;
}

void give_devices_addresses_of_an_administrator() {
  sh("ip link set tun0 mtu 1400 && ip link set tun1 txqueuelen 77");
  sh("ip address add 192.168.13.1/24 dev tun0 && ip -6 address add fd13::1/64 dev tun0 nodad");
  sh("ip address add 10.77.0.1/24 dev tun1 && ip -6 address add fd77::1/64 dev tun1 nodad");
}

/// The steps that are worth an interruption: of those that only keep a setting, the plan of
/// `namespaces` has some two hundred. Under a sanitizer, where each takes ten times as long and
/// goes the same ways, every sixth, not the same in all variants.
std::vector<std::size_t> changing_steps(const Plan& plan) {
  std::vector<std::size_t> numbers;
  for (std::size_t number = 0; number < plan.steps.size(); ++number)
    if (!std::holds_alternative<NoChange>(plan.steps[number].change) || number == 0)
      numbers.push_back(number);
#ifdef TUNRELAY_UNDER_SANITIZER
  constexpr std::size_t kStride = 6;
  std::vector<std::size_t> few;
  for (std::size_t at = numbers.size() % kStride; at < numbers.size(); at += kStride)
    few.push_back(numbers[at]);
  return few;
#else
  return numbers;
#endif
}

class ApplyVariants : public RouteVariants {};
class AdministratorsDevices : public RouteVariants {};
class KilledVariants : public RouteVariants {};

TEST_P(ApplyVariants, UndoLeavesTheNetworkAsItWas) {
  const std::string before = state_for(GetParam());
  PlanRequest request = request_for(GetParam());
  request.mtu_bytes = 1300;
  request.txqueuelen = 1234;
  auto applied = apply(request);
  ASSERT_FALSE(same_network_state(before, state_for(GetParam())));
  EXPECT_THAT(applied->undo(), IsEmpty());
  EXPECT_TRUE(no_journal_is_left());
  applied.reset();
  // What dies with a device of ours is not undone before; so the device must go.
  if (GetParam().made_by_us) {
    pair().close_end(0);
    pair().close_end(1);
    const HostState empty = read_host_state();
    for (const Rule& rule : empty.rules) EXPECT_NE(rule.protocol, kOwnProtocol) << to_line(rule);
    for (const Route& route : empty.routes)
      EXPECT_NE(route.protocol, kOwnProtocol) << to_line(route);
    sh("ip tuntap add tun0 mode tun && ip tuntap add tun1 mode tun");
    sh("ip tuntap del tun0 mode tun && ip tuntap del tun1 mode tun");
  } else {
    EXPECT_TRUE(same_network_state(before, state_for(GetParam())));
  }
}

TEST_P(AdministratorsDevices, WhatAnAdministratorHadOnTheDevicesStays) {
  give_devices_addresses_of_an_administrator();
  for (const bool up : {false, true}) {
    if (up) sh("ip link set tun0 up && ip link set tun1 up");
    const std::string before = state_for(GetParam());
    auto applied = apply(request_for(GetParam()));
    ASSERT_FALSE(same_network_state(before, state_for(GetParam())));
    EXPECT_THAT(applied->undo(), IsEmpty());
    EXPECT_TRUE(same_network_state(before, state_for(GetParam()))) << (up ? "was up" : "was down");
  }
}

TEST_P(KilledVariants, KilledAtAnyStepItIsCleanedUp) {
  const std::string before = state_for(GetParam());
  const Plan plan = make_plan(request_for(GetParam()), read_host_state());
  for (const std::size_t step : changing_steps(plan)) {
    for (const bool changed : {false, true}) {
      if (GetParam().made_by_us) renew_devices();
      const pid_t child = ::fork();
      if (child == 0) {
        const auto die = [step](std::size_t number) {
          if (number == step) ::raise(SIGKILL);
        };
        ApplyHooks hooks;
        (changed ? hooks.after_change : hooks.before_change) = die;
        const auto applied = apply(request_for(GetParam()), hooks);
        ::_exit(1);
      }
      int status = 0;
      ASSERT_EQ(::waitpid(child, &status, 0), child);
      ASSERT_TRUE(WIFSIGNALED(status));
      const CleanupReport report = clean_up_leftovers(kJournalDirectory);
      EXPECT_TRUE(report.is_clean());
      EXPECT_EQ(report.restored, std::vector<std::string>{"test"});
      EXPECT_TRUE(no_journal_is_left());
      EXPECT_THAT(clean_up_leftovers(kJournalDirectory).restored, IsEmpty());
    }
    if (GetParam().made_by_us) continue;
    ASSERT_TRUE(same_network_state(before, state_for(GetParam()))) << "killed at step " << step;
  }
  const HostState after = read_host_state();
  for (const Rule& rule : after.rules) EXPECT_NE(rule.protocol, kOwnProtocol) << to_line(rule);
  for (const Route& route : after.routes) EXPECT_NE(route.protocol, kOwnProtocol) << to_line(route);
}

TEST_P(AdministratorsDevices, AnUndoThatIsInterruptedIsDoneAgain) {
  const std::string before = state_for(GetParam());
  const Plan plan = make_plan(request_for(GetParam()), read_host_state());
  for (const std::size_t left : changing_steps(plan)) {
    const auto applied = apply(request_for(GetParam()));
    Applier applier;
    const std::span<const Step> all(applied->plan().steps);
    EXPECT_THAT(undo_steps(applier, all.subspan(left), {}), IsEmpty());
    EXPECT_THAT(undo_steps(applier, all, {}), IsEmpty());
    EXPECT_THAT(applied->undo(), IsEmpty());
    ASSERT_TRUE(same_network_state(before, state_for(GetParam())))
        << "interrupted before step " << left;
  }
}

INSTANTIATE_TEST_SUITE_P(All, ApplyVariants, ::testing::ValuesIn(all_variants()), variant_name);
INSTANTIATE_TEST_SUITE_P(All, AdministratorsDevices,
                         ::testing::ValuesIn(variants_where([](const Variant& variant) {
                           return !variant.made_by_us;
                         })),
                         variant_name);
// A namespace takes our own devices with it, so there is nothing left to kill a second time.
INSTANTIATE_TEST_SUITE_P(All, KilledVariants,
                         ::testing::ValuesIn(variants_where([](const Variant& variant) {
                           return !variant.made_by_us || variant.strategy != Strategy::kNamespaces;
                         })),
                         variant_name);

}  // namespace
}  // namespace tunrelay::test
