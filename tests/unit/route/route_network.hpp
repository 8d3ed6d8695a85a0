// SPDX-License-Identifier: MIT
// A private network with two TUN interfaces tun0 and tun1, and an apparatus to apply plans in it.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "route/apply/apply.hpp"
#include "route/apply/cleanup.hpp"
#include "route/apply/journal.hpp"
#include "route/model/host_state.hpp"
#include "route/plan/plan.hpp"
#include "sample_host.hpp"
#include "support/network_state.hpp"
#include "support/private_network.hpp"
#include "support/process.hpp"
#include "tun_pair.hpp"

namespace tunrelay::test {

/// What a test is repeated for.
struct Variant {
  Strategy strategy = Strategy::kPolicy;
  Families families = Families::kBoth;
  bool made_by_us = true;
};

inline std::string name_of(const Variant& variant) {
  return to_string(variant.strategy) + "_" + to_string(variant.families) + "_" +
         (variant.made_by_us ? "ours" : "admins");
}

inline std::vector<Variant> all_variants() {
  std::vector<Variant> variants;
  for (const Strategy strategy : {Strategy::kPolicy, Strategy::kClassic, Strategy::kNamespaces})
    for (const Families families : {Families::kIpv4, Families::kIpv6, Families::kBoth})
      for (const bool made_by_us : {true, false})
        variants.push_back({strategy, families, made_by_us});
  return variants;
}

template <typename Predicate>
std::vector<Variant> variants_where(const Predicate& predicate) {
  std::vector<Variant> variants = all_variants();
  std::erase_if(variants, [&predicate](const Variant& variant) { return !predicate(variant); });
  return variants;
}

inline PlanRequest request_for(const Variant& variant) {
  PlanRequest request = sample_request(variant.strategy, variant.families);
  request.a.made_by_us = request.b.made_by_us = variant.made_by_us;
  return request;
}

/// Runs a command line in the private network; it must succeed.
inline void sh(const std::string& script) {
  const ProcessResult result = run_shell(script);
  ASSERT_TRUE(result.succeeded()) << script << ": " << result.describe();
}

inline void set_sysctl(const std::string& path, const std::string& value) {
  std::ofstream("/proc/sys/" + path) << value;
}

inline bool no_journal_is_left() {
  return !std::filesystem::exists(kJournalDirectory) ||
         std::filesystem::is_empty(kJournalDirectory);
}

class RouteNetwork : public PrivateNetwork {
 protected:
  void SetUp() override {
    PrivateNetwork::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    renew_devices();
  }
  void TearDown() override { pair_.reset(); }

  /// As a tunnel does it: look, refuse conflicts, plan, journal, apply.
  static std::unique_ptr<AppliedPlan> apply(PlanRequest request, const ApplyHooks& hooks = {},
                                            const std::string& instance = "test",
                                            bool persistent = false) {
    auto directory = JournalDirectory::open();
    auto journal = std::make_unique<Journal>(std::move(directory), instance, persistent);
    return plan_and_apply(std::move(request), std::move(journal), hooks);
  }

  TunPair& pair() { return *pair_; }
  /// tun0 and tun1 as they are when nobody has touched them.
  void renew_devices(short type = IFF_TUN) {
    pair_.reset();
    pair_.emplace("tun0", "tun1", type);
    // The first time that a TUN is set up, the kernel gives it a queueing discipline and an IPv6
    // secret for good; nobody can take those back.
    sh("ip link set tun0 up && ip link set tun1 up && ip link set tun0 down && "
       "ip link set tun1 down");
  }

 private:
  std::optional<TunPair> pair_;
};

/// The same, for each variant.
class RouteVariants : public RouteNetwork, public ::testing::WithParamInterface<Variant> {};

inline std::string variant_name(const ::testing::TestParamInfo<Variant>& info) {
  return name_of(info.param);
}

}  // namespace tunrelay::test
