// SPDX-License-Identifier: MIT
// Watches over an applied plan: the kernel reports every change of interfaces, addresses, routes
// and rules, the plan is compared with what is there, and what others have taken away is put back.
//
//   RouteMonitor monitor(applied);
//   poll(monitor.fd()) ... for (const RouteEvent& event : monitor.handle()) print(event.text);
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "os/file_descriptor.hpp"
#include "os/netlink.hpp"
#include "route/apply/apply.hpp"
#include "route/watch/plan_check.hpp"
#include "route/watch/route_repair.hpp"

namespace tunrelay {

struct RouteEvent {
  enum class Kind {
    kInterfaceDown,  ///< nothing crosses until it is up again
    kInterfaceUp,
    kInterfaceRenamed,  ///< rules were made again for the new name
    kInterfaceDeleted,  ///< for good
    kMtuChanged,
    kBroken,    ///< something of the plan is missing and could not be put back
    kRepaired,  ///< something of the plan was missing and is back
    kResynced,  ///< notifications were lost; the whole state was compared
  };

  Kind kind = Kind::kBroken;
  std::string device{};         ///< the interface that it is about; empty: none
  std::uint32_t mtu_bytes = 0;  ///< of kMtuChanged
  std::string text{};           ///< a sentence
};

/// Not thread-safe. Interfaces are followed by number, so a rename loses nothing.
class RouteMonitor {
 public:
  /// APPLIED must outlive it, and must be undone only after it is gone: it holds the namespaces
  /// of the strategy `namespaces` open. Throws Error.
  explicit RouteMonitor(AppliedPlan& applied);
  ~RouteMonitor() = default;
  RouteMonitor(const RouteMonitor&) = delete;
  RouteMonitor& operator=(const RouteMonitor&) = delete;

  /// Readable when there is something to handle: a notification, or a repair that is due.
  [[nodiscard]] int fd() const noexcept { return events_.get(); }
  /// Looks at what happened, repairs what it may, never blocks for long. When the kernel can't be
  /// read that is an event too, and it is read again.
  std::vector<RouteEvent> handle();

 private:
  static constexpr std::int64_t kNever = INT64_MAX;

  /// One end's interface as it was last seen.
  struct WatchedInterface {
    std::string netns{};
    int index = 0;
    std::string name{};
    bool up = true;
    bool fell = false;  ///< was down since everything on it stood; the kernel took it away then
    bool present = true;
    std::uint32_t mtu_bytes = 0;
  };

  void watch(int fd) const;
  /// Whether some notification concerns the plan.
  bool drain();
  bool concerns_plan(const nlmsghdr& message, const std::string& netns) const;
  void note_fall(const nlmsghdr& message, const std::string& netns);
  void look_around();
  /// Whether one was renamed.
  bool look_at_interfaces(const PlanReading& reading);
  void look_at_interface(WatchedInterface& watched, const Interface* interface);
  void follow_rename(WatchedInterface& watched, const std::string& name);
  void repair(PlanReading reading);
  void emit(const RepairReport& report);
  void emit_once(RouteEvent::Kind kind, const std::string& text);
  void emit(RouteEvent::Kind kind, const std::string& device, std::string text,
            std::uint32_t mtu_bytes = 0);
  /// At the latest then everything is looked at, also without a notification.
  void look_again_at(std::int64_t time_ns) noexcept;

  AppliedPlan& applied_;
  RouteRepair repair_;
  std::map<std::string, NetlinkSocket> sockets_;  ///< by namespace
  FileDescriptor events_;                         ///< epoll over the sockets and the timer
  FileDescriptor timer_;
  std::array<WatchedInterface, 2> interfaces_;
  std::int64_t changed_ns_ = 0;  ///< when a notification last concerned the plan
  std::int64_t look_ns_ = kNever;
  std::int64_t resynced_ns_ = 0;
  bool lost_some_ = false;
  std::string emitted_once_;  ///< not reported again while it lasts
  std::vector<RouteEvent> events_to_report_;
};

}  // namespace tunrelay
