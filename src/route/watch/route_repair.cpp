// SPDX-License-Identifier: MIT
#include "route/watch/route_repair.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/error.hpp"

namespace tunrelay {
namespace {

/// "the rule 10: from all iif tun0 lookup 5213", or that it has come back.
std::string name_of(const Step& step) {
  const ChangeText text = describe(step.change);
  const std::size_t noun = text.attempt.find("the ");
  const std::string name =
      (noun == std::string::npos ? text.attempt : text.attempt.substr(noun)) + " " + text.object;
  const bool is_deletion = std::holds_alternative<DeleteRule>(step.change) ||
                           std::holds_alternative<DeleteRoute>(step.change);
  return is_deletion ? name + " (which had come back)" : name;
}

bool went_with_interface(const Step& step, const PlaceReading& place,
                         const RouteRepair::HasFallen& has_fallen) {
  const DeviceName device = device_of(step);
  const Interface* interface = find_device(place, device.index, device.name);
  return interface != nullptr && has_fallen(step.netns, interface->index);
}

}  // namespace

std::string list_names(const std::vector<std::string>& names) {
  constexpr std::size_t kMaxShown = 4;
  const std::size_t shown = std::min(names.size(), kMaxShown);
  std::string text = fmt::format("{}", fmt::join(names.data(), names.data() + shown, "; "));
  if (shown < names.size()) text += fmt::format("; and {} more", names.size() - shown);
  return text;
}

RepairReport RouteRepair::repair(PlanReading reading, const HasFallen& has_fallen,
                                 std::int64_t changed_ns) {
  // What is put back can bring something that has to go: an address the kernel's route for it. But
  // what is taken away once more is another change.
  std::set<std::size_t> done;
  const std::int64_t now_ns = monotonic_ns();
  const bool is_foreign_allowed = limit_.allows(now_ns, changed_ns);
  RepairReport report;
  while (repair_steps(reading, has_fallen, is_foreign_allowed, done, report))
    reading = read_places(applied_.plan(), applied_.applier());
  if (!report.foreign.empty()) limit_.count(now_ns);
  const std::int64_t retry_pause_ns = std::exchange(retry_pause_ns_, kFirstRetryPauseNs);
  if (!report.postponed.empty()) report.next_ns = limit_.next_ns(changed_ns);
  if (!report.failed.empty()) {
    report.next_ns = now_ns + retry_pause_ns;
    retry_pause_ns_ = std::min(2 * retry_pause_ns, RepairLimit::kIntervalNs);
  }
  return report;
}

bool RouteRepair::repair_steps(const PlanReading& reading, const HasFallen& has_fallen,
                               bool is_foreign_allowed, std::set<std::size_t>& done,
                               RepairReport& report) {
  report.failed.clear();
  report.postponed.clear();
  std::vector<std::size_t> wanted;
  for (const std::size_t number : find_broken_steps(applied_.plan(), reading)) {
    if (done.contains(number)) continue;
    const Step& step = applied_.plan().steps[number];
    const bool is_foreign = !went_with_interface(step, reading.at(step.netns), has_fallen);
    if (is_foreign && !is_foreign_allowed) {
      report.postponed.push_back(name_of(step));
      continue;
    }
    wanted.push_back(number);
  }
  const std::vector<int> errors = do_again(wanted, reading);
  bool has_repaired = false;
  for (std::size_t at = 0; at < wanted.size(); ++at) {
    const Step& step = applied_.plan().steps[wanted[at]];
    if (errors[at] != 0 && errors[at] != EALREADY) {
      report.failed.push_back(fmt::format("{} ({})", name_of(step), describe_errno(errors[at])));
      continue;
    }
    has_repaired = true;
    done.insert(wanted[at]);
    if (errors[at] == EALREADY) continue;  // somebody else was faster
    const bool is_foreign = !went_with_interface(step, reading.at(step.netns), has_fallen);
    (is_foreign ? report.foreign : report.after_fall).push_back(name_of(step));
  }
  return has_repaired;
}

std::vector<int> RouteRepair::do_again(const std::vector<std::size_t>& steps,
                                       const PlanReading& reading) {
  if (PlanKeeper* keeper = applied_.keeper(); keeper != nullptr && !steps.empty())
    return keeper->repair(steps);
  std::vector<int> errors;
  for (const std::size_t number : steps) {
    const Step& step = applied_.plan().steps[number];
    errors.push_back(
        repair_step(applied_.plan(), step, reading.at(step.netns), applied_.applier()));
  }
  return errors;
}

}  // namespace tunrelay
