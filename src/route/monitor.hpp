// Watches over an applied plan: the kernel tells of every change of links, addresses, routes and
// rules, the plan is compared with what is there, and what others have taken away is put back.
//
//   RouteMonitor monitor(applied);
//   poll(monitor.fd()) ... for (const RouteEvent& event : monitor.handle()) tell(event.text);
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/file_descriptor.hpp"
#include "base/netlink.hpp"
#include "route/apply.hpp"
#include "route/plan_check.hpp"
#include "route/repair_limit.hpp"

namespace tunrelay {

struct RouteEvent {
  enum class Kind {
    kLinkDown,  ///< nothing crosses until it is up again
    kLinkUp,
    kLinkRenamed,  ///< rules were made anew for the new name
    kLinkDeleted,  ///< for good
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
  /// Looks at what happened, repairs what it may, never blocks for long. Throws Error when the
  /// kernel can't be asked any more.
  std::vector<RouteEvent> handle();

 private:
  /// One end's interface as it was last seen.
  struct WatchedLink {
    std::string netns{};
    int index = 0;
    std::string name{};
    bool up = true;
    bool present = true;
    std::uint32_t mtu_bytes = 0;
  };

  void watch(int fd) const;
  /// Whether some notification concerns the plan.
  bool drain();
  bool concerns_plan(const nlmsghdr& message, const std::string& netns) const;
  /// Whether one was renamed.
  bool look_at_links(const PlanReading& reading);
  void look_at_link(WatchedLink& watched, const Link* link);
  void follow_rename(WatchedLink& watched, const std::string& name);
  void repair(const PlanReading& reading);
  void repair_steps(const std::vector<std::size_t>& numbers, const PlanReading& reading);
  void tell_broken(const std::string& text);
  void tell(RouteEvent::Kind kind, const std::string& device, std::string text,
            std::uint32_t mtu_bytes = 0);
  void wake_at(std::int64_t time_ns) const;

  AppliedPlan& applied_;
  std::map<std::string, NetlinkSocket> sockets_;  ///< by namespace
  FileDescriptor events_;                         ///< epoll over the sockets and the timer
  FileDescriptor timer_;
  std::array<WatchedLink, 2> links_;
  RepairLimit limit_;
  std::int64_t resynced_ns_ = 0;
  bool lost_some_ = false;
  bool repair_waits_ = false;
  std::string broken_text_;  ///< what was told last, so that it is told once
  std::vector<RouteEvent> told_;
};

}  // namespace tunrelay
