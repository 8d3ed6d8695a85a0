// SPDX-License-Identifier: MIT
// Looking after a running tunnel, and telling what it has done.
#include <fmt/format.h>
#include <malloc.h>
#include <time.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "os/netns.hpp"
#include "tunnel/tunnel.hpp"

namespace tunrelay {
namespace {

TunnelEvent::Kind kind_of(RouteEvent::Kind kind) {
  switch (kind) {
    case RouteEvent::Kind::kInterfaceDown:
    case RouteEvent::Kind::kBroken:
      return TunnelEvent::Kind::kBroken;
    case RouteEvent::Kind::kInterfaceUp:
    case RouteEvent::Kind::kRepaired:
      return TunnelEvent::Kind::kRepaired;
    case RouteEvent::Kind::kInterfaceDeleted:
      return TunnelEvent::Kind::kGone;
    case RouteEvent::Kind::kInterfaceRenamed:
    case RouteEvent::Kind::kMtuChanged:
    case RouteEvent::Kind::kResynced:
      break;
  }
  return TunnelEvent::Kind::kNote;
}

}  // namespace

std::vector<int> Tunnel::poll_fds() const {
  std::vector<int> fds{relay_->endpoint_gone().fd(), monitor_->fd()};
  if (const auto fd = path_->fd()) fds.push_back(*fd);
  return fds;
}

std::vector<TunnelEvent> Tunnel::attend() {
  std::vector<TunnelEvent> events;
  if (capture_.has_failed()) events.push_back(failure_event(*end_capture()));
  offloads_->attend(*relay_, events);
  if (janitor_) janitor_->attend(events);
  const bool has_changed = follow_routes(events);
  follow_devices(events);
  if (gone_) {
    path_->give_up();
    return events;
  }
  const FollowChanges follow = [&] {
    follow_routes(events);
    return !gone_;
  };
  path_->attend(has_changed, follow, events);
  return events;
}

void Tunnel::change_link(LinkDescription description) {
  stages_.change_link(std::move(description), *relay_);
  report_.link_set_ns = monotonic_ns() - ready_ns_;
  // What the former link had in many pieces, more than a hundred MiB of queues at worst, is not to
  // stay with us.
  ::malloc_trim(0);
}

CaptureSite Tunnel::capture_site() const {
  return {.devices = {devices_[0].name(), devices_[1].name()},
          .link_type = link_type_of(options_.type),
          .queues = devices_[0].queues(),
          .application = options_.application};
}

void Tunnel::start_capture(const CaptureOptions& options, FileDescriptor pipe) {
  capture_.begin(options, capture_site(), std::move(pipe));
  relay_->change_taps(capture_.taps());
}

std::optional<CaptureReport> Tunnel::end_capture() noexcept {
  if (!capture_.runs()) return {};
  relay_->change_taps({});
  return capture_.end();
}

bool Tunnel::check_path() {
  return path_->prove();
}

void Tunnel::check_path_at_end() {
  path_->prove_at_end();
}

bool Tunnel::follow_routes(std::vector<TunnelEvent>& events) {
  const std::vector<RouteEvent> changes = monitor_->handle();
  for (const RouteEvent& change : changes) {
    events.push_back({kind_of(change.kind), change.text});
    if (change.kind == RouteEvent::Kind::kRepaired) ++report_.repairs;
    if (change.kind == RouteEvent::Kind::kMtuChanged) follow_mtu(change, events);
    if (change.kind == RouteEvent::Kind::kInterfaceDeleted) gone_ = true;
  }
  return !changes.empty();
}

void Tunnel::follow_devices(std::vector<TunnelEvent>& events) {
  if (!relay_->endpoint_gone().drain() || gone_) return;
  gone_ = true;
  for (std::size_t end = 0; end < devices_.size(); ++end) {
    const std::string& name = devices_[end].name();
    const int error = relay_->gone_errno(end);
    if (error == 0) continue;
    events.push_back({TunnelEvent::Kind::kGone,
                      error == EBADFD ? fmt::format("{} was deleted by another program.", name)
                                      : fmt::format("Reading from {} has ended: {}.", name,
                                                    describe_errno(error))});
  }
}

void Tunnel::follow_mtu(const RouteEvent& event, std::vector<TunnelEvent>& events) {
  for (std::size_t end = 0; end < report_.ends.size(); ++end)
    if (report_.ends.at(end).device == event.device) mtu_bytes_.at(end) = event.mtu_bytes;
  const auto [smaller, larger] = std::minmax(mtu_bytes_[0], mtu_bytes_[1]);
  relay_->change_mtu(smaller);
  stages_.change_mtu(smaller);
  report_.mtu_bytes = smaller;
  if (smaller != larger)
    events.push_back(
        {TunnelEvent::Kind::kNote,
         fmt::format("The MTUs differ, {} has {} and {} has {}: packets over {} are dropped and "
                     "counted as over_mtu. Make them equal: ip link set {} mtu {}.",
                     report_.ends[0].device, mtu_bytes_[0], report_.ends[1].device, mtu_bytes_[1],
                     smaller, report_.ends.at(mtu_bytes_[0] < mtu_bytes_[1] ? 1 : 0).device,
                     smaller)});
}

void Tunnel::take_link_counters(bool at_start) noexcept {
  if (!applied_) return;  // the start has failed before the routes stood
  for (std::size_t end = 0; end < report_.ends.size(); ++end) try {
      EndReport& report = report_.ends.at(end);
      const auto reading = read_interface(applied_->applier().socket(report.netns), report.device);
      if (!reading) continue;
      if (at_start) first_counters_.at(end) = reading->counters;
      report.queue_dropped_packets =
          reading->counters.tx_dropped - first_counters_.at(end).tx_dropped;
      report.kernel_dropped_packets =
          reading->counters.rx_dropped - first_counters_.at(end).rx_dropped;
    } catch (const Error&) {
      // The last reading stands; a report is no reason to end.
    }
}

void Tunnel::take_socket_counters(bool at_start) noexcept try {
  if (!applied_) return;
  SocketCounters now;
  if (options_.strategy == Strategy::kNamespaces)
    for (const EndReport& end : report_.ends) {
      const FileDescriptor netns = open_named_netns(end.netns);
      const NetnsScope scope(netns.get());
      now += read_socket_counters();
    }
  else
    now = read_socket_counters();
  if (at_start) first_sockets_ = now;
  report_.sockets = now;
  report_.sockets -= first_sockets_;
} catch (const Error&) {
  // The last reading stands.
}

void Tunnel::begin_accounts() {
  // The self-test's connections still say good-bye, and neighbours on a TAP are looked up: the
  // accounts begin at a moment that brings nothing and has nothing under way. What the link does to
  // packets and what the trace shows begin in that very moment, so that they have the same packets.
  constexpr int kMaxPauses = 50;
  constexpr timespec kPause{.tv_sec = 0, .tv_nsec = kNanosecondsPerMillisecond};
  std::uint64_t packets_before = 0;
  bool begun = false;
  for (int pause = 0; !begun; ++pause) {
    if (pause != 0) ::nanosleep(&kPause, nullptr);
    relay_->refresh();
    relay_->between_turns([&] {
      before_ready_ = relay_->reports();
      std::uint64_t packets = 0;
      bool balanced = true;
      for (const WorkerReport& worker : before_ready_)
        for (const LaneCounts& lane : worker.lanes) {
          packets += lane.read.packets;
          balanced = balanced && lane.balanced();
        }
      begun = pause == kMaxPauses || (balanced && pause != 0 && packets == packets_before);
      packets_before = packets;
      if (!begun) return;
      stages_.begin();
    });
  }
  take_link_counters(true);
  take_socket_counters(true);
  if (capture_.runs()) relay_->change_taps(capture_.taps());
}

TunnelReport Tunnel::report() {
  if (!relay_) return report_;
  take_link_counters(false);
  take_socket_counters(false);
  relay_->refresh();
  TunnelReport report = report_;
  report.duration_ns = ready_ns_ == 0 ? 0 : monotonic_ns() - ready_ns_;
  offloads_->fill_in(report, *relay_);
  report.workers = relay_->reports();
  for (std::size_t worker = 0; worker < report.workers.size(); ++worker)
    for (std::size_t direction = 0; direction < kDirections; ++direction) {
      LaneCounts& lane = report.workers[worker].lanes.at(direction);
      if (worker < before_ready_.size()) lane -= before_ready_[worker].lanes.at(direction);
      report.lanes.at(direction) += lane;
    }
  if (!options_.cpus.empty())
    for (const WorkerReport& worker : report.workers)
      if (!worker.pinned_cpu)
        report.notes.push_back(fmt::format(
            "Queue {} is not pinned: this process may not use the CPU that --cpus gives it.",
            worker.queue));
  if (path_) report.path = path_->report();
  stages_.fill_in(report);
  report.capture = capture_.report();
  return report;
}

}  // namespace tunrelay
