#include "route/monitor.hpp"

#include <fmt/format.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/netns.hpp"
#include "route/netlink_values.hpp"

namespace tunrelay {
namespace {

constexpr std::array<unsigned, 7> kGroups{
    RTNLGRP_LINK,       RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR, RTNLGRP_IPV4_ROUTE,
    RTNLGRP_IPV6_ROUTE, RTNLGRP_IPV4_RULE,   RTNLGRP_IPV6_RULE};
// After lost notifications everything is read again, which a flood of them must not multiply.
constexpr std::int64_t kResyncIntervalNs = kNanosecondsPerSecond;

std::string join(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += (text.empty() ? "" : "; ") + line;
  return text;
}

/// "the rule 10: from all iif tun0 lookup 5213", or that it has come back.
std::string words_for(const Step& step) {
  const ChangeWords words = describe(step.change);
  const std::size_t noun = words.attempt.find("the ");
  const std::string name =
      (noun == std::string::npos ? words.attempt : words.attempt.substr(noun)) + " " + words.object;
  const bool is_deletion = std::holds_alternative<DeleteRule>(step.change) ||
                           std::holds_alternative<DeleteRoute>(step.change);
  return is_deletion ? name + " (which had come back)" : name;
}

}  // namespace

RouteMonitor::RouteMonitor(AppliedPlan& applied)
    : applied_(applied),
      events_(check_system_call(::epoll_create1(EPOLL_CLOEXEC), "make", "an epoll descriptor")),
      timer_(check_system_call(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK),
                               "make", "a timer")) {
  for (const std::string& place : places_of(applied.plan())) {
    const FileDescriptor named = place.empty() ? FileDescriptor() : open_named_netns(place);
    const NetnsScope scope(place.empty() ? applied.editor().home_netns_fd() : named.get());
    watch(sockets_.try_emplace(place, kGroups).first->second.fd());
  }
  watch(timer_.get());
  const TunnelEnds& ends = applied.plan().ends;
  for (std::size_t at = 0; at < links_.size(); ++at) {
    const TunnelEnd& end = at == 0 ? ends.a : ends.b;
    links_[at].netns = end.netns;
    links_[at].name = end.device;
    const auto reading = read_link(applied.editor().socket(end.netns), end.device);
    links_[at].present = reading.has_value();
    if (!reading) continue;
    links_[at].index = reading->link.index;
    links_[at].up = reading->link.up;
    links_[at].mtu_bytes = reading->link.mtu_bytes;
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
  const bool resync_due = lost_some_ && now_ns - resynced_ns_ >= kResyncIntervalNs;
  if (lost_some_ && !resync_due) wake_at(resynced_ns_ + kResyncIntervalNs);
  if (resync_due) {
    lost_some_ = false;
    resynced_ns_ = now_ns;
    tell(RouteEvent::Kind::kResynced, "",
         "The kernel had more changes to tell than fit; everything was read again.");
  }
  if (concerned || resync_due || repair_waits_) {
    PlanReading reading = read_places(applied_.plan(), applied_.editor());
    // A rename changes the rules, and what was read before.
    if (look_at_links(reading)) reading = read_places(applied_.plan(), applied_.editor());
    repair(reading);
  }
  return std::exchange(told_, {});
}

bool RouteMonitor::drain() {
  std::uint64_t expirations = 0;
  [[maybe_unused]] const ssize_t got = ::read(timer_.get(), &expirations, sizeof expirations);
  bool concerned = false;
  for (auto& place : sockets_) {
    const bool complete = place.second.drain_notifications([&](const nlmsghdr& message) {
      concerned = concerned || concerns_plan(message, place.first);
    });
    lost_some_ = lost_some_ || !complete;
  }
  return concerned;
}

/// A host with a full routing table changes it without pause; that must not make us read it.
bool RouteMonitor::concerns_plan(const nlmsghdr& message, const std::string& netns) const {
  const auto is_watched = [&](int index) {
    return std::any_of(links_.begin(), links_.end(), [&](const WatchedLink& link) {
      return link.netns == netns && link.index == index;
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
      if (is_watched(route.device_index)) return true;
      const auto& steps = applied_.plan().steps;
      return std::any_of(steps.begin(), steps.end(), [&route](const Step& step) {
        const auto* added = std::get_if<AddRoute>(&step.change);
        return added != nullptr && added->route.table == route.table &&
               added->route.destination == route.destination;
      });
    }
    default:
      return true;  // rules: there are few
  }
}

bool RouteMonitor::look_at_links(const PlanReading& reading) {
  bool renamed = false;
  for (WatchedLink& watched : links_) {
    const auto place = reading.find(watched.netns);
    const Link* link =
        place == reading.end() ? nullptr : find_device(place->second, watched.index, watched.name);
    const std::string former = watched.name;
    if (watched.present) look_at_link(watched, link);
    renamed = renamed || watched.name != former;
  }
  return renamed;
}

void RouteMonitor::look_at_link(WatchedLink& watched, const Link* link) {
  using Kind = RouteEvent::Kind;
  if (link == nullptr) {
    watched.present = false;
    return tell(Kind::kLinkDeleted, watched.name,
                fmt::format("The interface {} was deleted.", watched.name));
  }
  if (link->name != watched.name) follow_rename(watched, link->name);
  if (link->mtu_bytes != std::exchange(watched.mtu_bytes, link->mtu_bytes))
    tell(Kind::kMtuChanged, watched.name,
         fmt::format("The MTU of {} is now {} bytes.", watched.name, link->mtu_bytes),
         link->mtu_bytes);
  if (link->up == std::exchange(watched.up, link->up)) return;
  if (link->up)
    tell(Kind::kLinkUp, watched.name, fmt::format("The interface {} is up again.", watched.name));
  else
    tell(Kind::kLinkDown, watched.name,
         fmt::format("The interface {} was set down: its routes are gone and nothing crosses.",
                     watched.name));
}

void RouteMonitor::follow_rename(WatchedLink& watched, const std::string& name) {
  const std::string former = std::exchange(watched.name, name);
  const int error = applied_.follow_rename(former, name);
  tell(error == 0 ? RouteEvent::Kind::kLinkRenamed : RouteEvent::Kind::kBroken, name,
       error == 0
           ? fmt::format("The interface {} was renamed to {}; the rules follow it.", former, name)
           : fmt::format("The interface {} was renamed to {}, and its rules can't follow: "
                         "{}.",
                         former, name, describe_errno(error)));
}

void RouteMonitor::repair(const PlanReading& reading) {
  const auto broken = find_broken_steps(applied_.plan(), reading);
  repair_waits_ = false;
  if (broken.empty()) return broken_text_.clear();
  if (limit_.take(monotonic_ns())) return repair_steps(broken, reading);
  repair_waits_ = true;
  wake_at(limit_.next_ns());
  tell_broken(
      fmt::format("Another program keeps changing our routes; the next repair comes in a "
                  "few seconds. Missing: {}",
                  words_for(applied_.plan().steps[broken.front()])));
}

void RouteMonitor::repair_steps(const std::vector<std::size_t>& numbers,
                                const PlanReading& reading) {
  std::vector<std::string> repaired;
  std::vector<std::string> failed;
  for (const std::size_t number : numbers) {
    const Step& step = applied_.plan().steps[number];
    const int error = repair_step(applied_.plan(), step, reading.at(step.netns), applied_.editor());
    if (error == 0)
      repaired.push_back(words_for(step));
    else
      failed.push_back(fmt::format("{} ({})", words_for(step), describe_errno(error)));
  }
  if (!repaired.empty())
    tell(RouteEvent::Kind::kRepaired, "",
         fmt::format("Another program had changed our routes. Repaired: {}", join(repaired)));
  if (failed.empty()) return broken_text_.clear();
  repair_waits_ = true;
  wake_at(monotonic_ns() + RepairLimit::kIntervalNs);
  tell_broken(fmt::format("Our routes are broken. Missing: {}", join(failed)));
}

void RouteMonitor::tell_broken(const std::string& text) {
  if (broken_text_ == text) return;
  broken_text_ = text;
  tell(RouteEvent::Kind::kBroken, "", text);
}

void RouteMonitor::tell(RouteEvent::Kind kind, const std::string& device, std::string text,
                        std::uint32_t mtu_bytes) {
  told_.push_back(
      {.kind = kind, .device = device, .mtu_bytes = mtu_bytes, .text = std::move(text)});
}

void RouteMonitor::wake_at(std::int64_t time_ns) const {
  const itimerspec when{.it_interval = {},
                        .it_value = to_timespec(std::max<std::int64_t>(time_ns, 1))};
  check_system_call(::timerfd_settime(timer_.get(), TFD_TIMER_ABSTIME, &when, nullptr), "set",
                    "a timer");
}

}  // namespace tunrelay
