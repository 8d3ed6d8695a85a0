// SPDX-License-Identifier: MIT
// Puts back what of an applied plan has gone: what the kernel took away with an interface that was
// down, as often as that happens, and what another program took away, within a limit.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "route/apply/apply.hpp"
#include "route/watch/plan_check.hpp"
#include "route/watch/repair_limit.hpp"

namespace tunrelay {

/// What one repair has done, as names of what the plan had put there: "the rule 10: from all iif
/// tun0 lookup 5213".
struct RepairReport {
  std::vector<std::string> after_fall{};  ///< is back; it went when its interface was down
  std::vector<std::string> foreign{};     ///< is back; another program had taken it away
  std::vector<std::string> failed{};      ///< is missing, with the kernel's answer
  std::vector<std::string> postponed{};   ///< is missing; the limit allows no repair now
  /// When to repair again (CLOCK_MONOTONIC); nothing when all is there.
  std::optional<std::int64_t> next_ns{};
};

/// The first few of NAMES, and how many more there are, in one line.
std::string list_names(const std::vector<std::string>& names);

/// Not thread-safe.
class RouteRepair {
 public:
  /// Whether an interface of a namespace was down since all of it stood.
  using HasFallen = std::function<bool(const std::string& netns, int link_index)>;

  /// APPLIED must outlive it.
  explicit RouteRepair(AppliedPlan& applied) : applied_(applied) {}

  /// READING says what is there now; CHANGED_NS is when it last changed. Throws Error when the
  /// kernel can't be read.
  RepairReport repair(PlanReading reading, const HasFallen& has_fallen, std::int64_t changed_ns);

 private:
  static constexpr std::int64_t kFirstRetryPauseNs = 50 * kNanosecondsPerMillisecond;

  /// All broken steps but those among DONE, to which it adds. Whether something was put back.
  bool repair_steps(const PlanReading& reading, const HasFallen& has_fallen,
                    bool is_foreign_allowed, std::set<std::size_t>& done, RepairReport& report);

  /// An errno for each of the STEPS; EALREADY: it stands.
  std::vector<int> do_again(const std::vector<std::size_t>& steps, const PlanReading& reading);

  AppliedPlan& applied_;
  RepairLimit limit_;
  std::int64_t retry_pause_ns_ = kFirstRetryPauseNs;  ///< doubles with each failure
};

}  // namespace tunrelay
