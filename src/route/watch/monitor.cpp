// SPDX-License-Identifier: MIT
#include "route/watch/monitor.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/clock.hpp"
#include "base/ensure.hpp"
#include "base/error.hpp"
#include "base/error_line.hpp"
#include "os/netlink_values.hpp"
#include "os/netns.hpp"

namespace tunrelay {
namespace {

constexpr std::array<unsigned, 7> kGroups{
    RTNLGRP_LINK,       RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR, RTNLGRP_IPV4_ROUTE,
    RTNLGRP_IPV6_ROUTE, RTNLGRP_IPV4_RULE,   RTNLGRP_IPV6_RULE};
// After lost notifications everything is read again, which a flood of them must not multiply.
constexpr std::int64_t kResyncIntervalNs = kNanosecondsPerSecond;

}  // namespace

RouteMonitor::RouteMonitor(AppliedPlan& applied)
    : applied_(applied),
      repair_(applied),
      events_(check_system_call(::epoll_create1(EPOLL_CLOEXEC), "make", "an epoll descriptor")),
      timer_(check_system_call(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK),
                               "make", "a timer")) {
  for (const std::string& place : places_of(applied.plan())) {
    const FileDescriptor named = place.empty() ? FileDescriptor() : open_named_netns(place);
    const NetnsScope scope(place.empty() ? applied.applier().home_netns_fd() : named.get());
    watch(sockets_.try_emplace(place, kGroups).first->second.fd());
  }
  watch(timer_.get());
  const TunnelEnds& ends = applied.plan().ends;
  for (std::size_t at = 0; at < interfaces_.size(); ++at) {
    const TunnelEnd& end = at == 0 ? ends.a : ends.b;
    interfaces_[at].netns = end.netns;
    interfaces_[at].name = end.device;
    const auto reading = read_interface(applied.applier().socket(end.netns), end.device);
    interfaces_[at].present = reading.has_value();
    if (!reading) continue;
    interfaces_[at].index = reading->interface.index;
    interfaces_[at].up = reading->interface.up;
    interfaces_[at].mtu_bytes = reading->interface.mtu_bytes;
  }
}

void RouteMonitor::watch(int fd) const {
  epoll_event interest{};
  interest.events = EPOLLIN;
  check_system_call(::epoll_ctl(events_.get(), EPOLL_CTL_ADD, fd, &interest), "watch",
                    "a descriptor of the route monitor");
}

std::vector<RouteEvent> RouteMonitor::handle() {
  const bool concerned = drain();
  const std::int64_t now_ns = monotonic_ns();
  if (concerned) changed_ns_ = now_ns;
  if (concerned || now_ns >= look_ns_) try {
      look_around();
    } catch (const Error& error) {
      look_again_at(now_ns + kResyncIntervalNs);
      emit_once(RouteEvent::Kind::kResynced,
                fmt::format("The routes can't be looked at now, which is tried again: {}.",
                            error_line(error)));
    }
  return std::exchange(events_to_report_, {});
}

void RouteMonitor::look_around() {
  look_ns_ = kNever;
  const std::int64_t resync_ns = resynced_ns_ + kResyncIntervalNs;
  if (lost_some_ && monotonic_ns() < resync_ns) {
    look_again_at(resync_ns);
  } else if (lost_some_) {
    lost_some_ = false;
    resynced_ns_ = monotonic_ns();
    emit(RouteEvent::Kind::kResynced, "",
         "The kernel reported more changes than fit; everything was read again.");
  }
  PlanReading reading = read_places(applied_.plan(), applied_.applier());
  // A rename changes the rules, and what was read before.
  if (look_at_interfaces(reading)) reading = read_places(applied_.plan(), applied_.applier());
  repair(std::move(reading));
}

bool RouteMonitor::drain() {
  std::uint64_t expirations = 0;
  [[maybe_unused]] const ssize_t got = ::read(timer_.get(), &expirations, sizeof expirations);
  bool concerned = false;
  for (auto& place : sockets_) {
    const bool complete = place.second.drain_notifications([&](const nlmsghdr& message) {
      note_fall(message, place.first);
      concerned = concerned || concerns_plan(message, place.first);
    });
    if (complete) continue;
    lost_some_ = true;
    look_again_at(resynced_ns_ + kResyncIntervalNs);
  }
  return concerned;
}

/// An interface that is up again when we look has been down all the same.
void RouteMonitor::note_fall(const nlmsghdr& message, const std::string& netns) {
  if (message.nlmsg_type != RTM_NEWLINK) return;
  const auto header = fixed_header<ifinfomsg>(message);
  for (WatchedInterface& interface : interfaces_)
    if (interface.netns == netns && interface.index == header.ifi_index)
      interface.fell = interface.fell || (header.ifi_flags & IFF_UP) == 0;
}

/// A host with a full routing table changes it without pause; that must not make us read it.
bool RouteMonitor::concerns_plan(const nlmsghdr& message, const std::string& netns) const {
  const auto is_watched = [&](int index) {
    return std::any_of(interfaces_.begin(), interfaces_.end(),
                       [&](const WatchedInterface& interface) {
                         return interface.netns == netns && interface.index == index;
                       });
  };
  switch (message.nlmsg_type) {
    case RTM_NEWLINK:
    case RTM_DELLINK:
      return is_watched(fixed_header<ifinfomsg>(message).ifi_index);
    case RTM_NEWADDR:
    case RTM_DELADDR:
      return is_watched(static_cast<int>(fixed_header<ifaddrmsg>(message).ifa_index));
    case RTM_NEWROUTE:
    case RTM_DELROUTE: {
      const Route route = decode_route(message);
      return is_watched(route.device_index) || adds_such_route(applied_.plan(), route);
    }
    default:
      return true;  // rules: there are few
  }
}

bool RouteMonitor::look_at_interfaces(const PlanReading& reading) {
  bool renamed = false;
  for (WatchedInterface& watched : interfaces_) {
    const auto place = reading.find(watched.netns);
    const Interface* interface =
        place == reading.end() ? nullptr : find_device(place->second, watched.index, watched.name);
    const std::string former = watched.name;
    if (watched.present) look_at_interface(watched, interface);
    renamed = renamed || watched.name != former;
  }
  return renamed;
}

void RouteMonitor::look_at_interface(WatchedInterface& watched, const Interface* interface) {
  using Kind = RouteEvent::Kind;
  if (interface == nullptr) {
    watched.present = false;
    return emit(Kind::kInterfaceDeleted, watched.name,
                fmt::format("The interface {} was deleted.", watched.name));
  }
  if (interface->name != watched.name) follow_rename(watched, interface->name);
  if (interface->mtu_bytes != std::exchange(watched.mtu_bytes, interface->mtu_bytes))
    emit(Kind::kMtuChanged, watched.name,
         fmt::format("The MTU of {} is now {} bytes.", watched.name, interface->mtu_bytes),
         interface->mtu_bytes);
  if (interface->up == std::exchange(watched.up, interface->up)) return;
  if (interface->up)
    emit(Kind::kInterfaceUp, watched.name,
         fmt::format("The interface {} is up again.", watched.name));
  else
    emit(Kind::kInterfaceDown, watched.name,
         fmt::format("The interface {} was set down: its routes are gone and nothing crosses.",
                     watched.name));
}

void RouteMonitor::follow_rename(WatchedInterface& watched, const std::string& name) {
  const std::string former = std::exchange(watched.name, name);
  const int error = applied_.follow_rename(former, name);
  emit(error == 0 ? RouteEvent::Kind::kInterfaceRenamed : RouteEvent::Kind::kBroken, name,
       error == 0
           ? fmt::format("The interface {} was renamed to {}; the rules follow it.", former, name)
           : fmt::format("The interface {} was renamed to {}, and its rules can't follow: "
                         "{}.",
                         former, name, describe_errno(error)));
}

void RouteMonitor::repair(PlanReading reading) {
  const auto has_fallen = [this](const std::string& netns, int index) {
    return std::any_of(
        interfaces_.begin(), interfaces_.end(), [&](const WatchedInterface& interface) {
          return interface.fell && interface.netns == netns && interface.index == index;
        });
  };
  const RepairReport report = repair_.repair(std::move(reading), has_fallen, changed_ns_);
  emit(report);
  if (report.next_ns) return look_again_at(*report.next_ns);
  for (WatchedInterface& interface : interfaces_) interface.fell = interface.fell && !interface.up;
  emitted_once_.clear();
}

void RouteMonitor::emit(const RepairReport& report) {
  using Kind = RouteEvent::Kind;
  if (!report.after_fall.empty()) {
    std::vector<std::string> names;
    for (const WatchedInterface& interface : interfaces_)
      if (interface.fell) names.push_back(interface.name);
    emit(Kind::kRepaired, "",
         fmt::format("The interface{} {} came up again; put back: {}", names.size() > 1 ? "s" : "",
                     fmt::join(names, " and "), list_names(report.after_fall)));
  }
  if (!report.foreign.empty())
    emit(Kind::kRepaired, "",
         "Another program had changed our routes; put back: " + list_names(report.foreign));
  if (!report.failed.empty())
    emit_once(Kind::kBroken, "Our routes are broken. Missing: " + list_names(report.failed));
  if (!report.postponed.empty())
    emit_once(Kind::kBroken,
              "Another program keeps changing our routes; the next repair comes in a few seconds. "
              "Missing: " +
                  report.postponed.front());
}

void RouteMonitor::emit_once(RouteEvent::Kind kind, const std::string& text) {
  if (emitted_once_ == text) return;
  emitted_once_ = text;
  emit(kind, "", text);
}

void RouteMonitor::emit(RouteEvent::Kind kind, const std::string& device, std::string text,
                        std::uint32_t mtu_bytes) {
  events_to_report_.push_back(
      {.kind = kind, .device = device, .mtu_bytes = mtu_bytes, .text = std::move(text)});
}

void RouteMonitor::look_again_at(std::int64_t time_ns) noexcept {
  look_ns_ = std::min(look_ns_, time_ns);
  const itimerspec when{.it_interval = {},
                        .it_value = to_timespec(std::max<std::int64_t>(look_ns_, 1))};
  ensure(::timerfd_settime(timer_.get(), TFD_TIMER_ABSTIME, &when, nullptr) == 0,
         "a timer can be set");
}

}  // namespace tunrelay
