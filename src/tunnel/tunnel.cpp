// SPDX-License-Identifier: MIT
#include "tunnel/tunnel.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "device/existing_tun.hpp"
#include "device/steering.hpp"
#include "os/cpu_topology.hpp"
#include "os/wait_until.hpp"
#include "route/apply/cleanup.hpp"
#include "tunnel/plan_request.hpp"

namespace tunrelay {
namespace {

constexpr std::int64_t kDevicesGoLimitNs = 2 * kNanosecondsPerSecond;
constexpr std::int64_t kDevicesGoPauseNs = 2 * kNanosecondsPerMillisecond;

TunnelOptions checked(TunnelOptions options) {
  check_tunnel_options(options);
  if (options.state_directory.empty()) options.state_directory = kJournalDirectory;
  return options;
}

}  // namespace

std::string_view to_string(TunnelEvent::Kind kind) noexcept {
  switch (kind) {
    case TunnelEvent::Kind::kBroken:
      return "broken";
    case TunnelEvent::Kind::kRepaired:
      return "repaired";
    case TunnelEvent::Kind::kGone:
      return "gone";
    case TunnelEvent::Kind::kNote:
      break;
  }
  return "note";
}

Tunnel::Tunnel(TunnelOptions options)
    : options_(checked(std::move(options))),
      begun_ns_(monotonic_ns()),
      instance_(instance_name(options_)),
      engine_(choose_engine(options_.engine)),
      stages_(options_),
      mtu_bytes_{options_.mtu_bytes, options_.mtu_bytes} {
  report_.strategy = options_.strategy;
  report_.mtu_bytes = options_.mtu_bytes;
  report_.engine = engine_.kind;
  report_.engine_reason = engine_.reason;
}

Tunnel::~Tunnel() {
  stop();
}

void Tunnel::start() {
  // What a killed tunnel has left would look like a conflict.
  if (!options_.left_namespaces) {
    for (const UndoFailure& failure : clean_up_leftovers(options_.state_directory).failures)
      report_.notes.push_back(
          "A former tunnel's change could not be undone: " + failure.to_string() + ".");
    journal_ = std::make_unique<Journal>(JournalDirectory::open(options_.state_directory),
                                         instance_, false);
  }
  // The janitor is forked before the first thread and before the first device: it must hold
  // neither locks nor queues of ours.
  if (options_.janitor)
    janitor_ = std::make_unique<JanitorKeeper>(
        JanitorDuty{.journal_directory = journal_ ? options_.state_directory : "",
                    .instance = instance_,
                    .left_namespaces = options_.left_namespaces,
                    .socket_path = options_.control_path},
        options_.janitor_program);
  stages_.load();
  open_devices();
  if (options_.capture) capture_.begin(*options_.capture, capture_site());
  start_relay();
  apply_plan();
  monitor_ = std::make_unique<RouteMonitor>(*applied_);
  path_ = std::make_unique<TunnelPath>(*relay_, *applied_);
  path_->prove_at_start();
  offloads_->test(applied_->plan().ends, options_.mtu_bytes, *relay_);
  begin_accounts();
  if (options_.path_check_interval_ns != 0) path_->begin_watch(options_.path_check_interval_ns);
  ready_ns_ = monotonic_ns();
  report_.ready_after_ns = ready_ns_ - begun_ns_;
}

void Tunnel::open_devices() {
  const std::size_t queues = stages_.want_one_queue() ? 1 : choose_queues(options_);
  for (const EndOptions* end : {&options_.a, &options_.b})
    devices_.push_back(Device::open({.name = end->device,
                                     .type = options_.type,
                                     .queues = queues,
                                     .offload = options_.offload}));
  offloads_ = std::make_unique<OffloadControl>(devices_, options_.offload, options_.coalesce);
  if (queues > 1)
    for (const Device& device : devices_)
      if (!steer_by_flow(device.queue_fd(0), device.type()))
        report_.notes.push_back("The kernel's own hash steers flows to queues of " + device.name() +
                                ": it refused our program.");
  for (std::size_t end = 0; end < devices_.size(); ++end) {
    report_.ends.at(end).device = devices_[end].name();
    report_.ends.at(end).type = devices_[end].type();
    report_.ends.at(end).made_by_us = devices_[end].made_by_us();
  }
}

void Tunnel::start_relay() {
  RelayConfig config;
  for (std::size_t queue = 0; queue < devices_[0].queues(); ++queue)
    config.queue_pairs.push_back({devices_[0].queue_fd(queue), devices_[1].queue_fd(queue)});
  config.has_header = {devices_[0].has_virtio_net_header(), devices_[1].has_virtio_net_header()};
  config.link_type = link_type_of(options_.type);
  config.mtu_bytes = options_.mtu_bytes;
  config.merge = offloads_->merge();
  config.engine.kind = engine_.kind;
  config.engine.spin = choose_busy_poll(options_);
  config.min_wait_ns = options_.min_wait_ns;
  config.hold_bytes = options_.hold_limit_bytes;
  config.cpus = options_.cpus.empty() ? cpus_for_workers() : options_.cpus;
  config.stages = stages_.make(config.queue_pairs.size(), config.mtu_bytes);
  relay_ = std::make_unique<Relay>(config);
  relay_->start();
}

void Tunnel::apply_plan() {
  applied_ =
      plan_and_apply(plan_request(options_, {devices_[0].made_by_us(), devices_[1].made_by_us()}),
                     std::move(journal_));
  const Plan& plan = applied_->plan();
  report_.notes.insert(report_.notes.end(), plan.notes.begin(), plan.notes.end());
  for (const auto& [end, index] : {std::pair{&plan.ends.a, 0U}, std::pair{&plan.ends.b, 1U}}) {
    report_.ends.at(index).netns = end->netns;
    for (const IpPrefix& address : end->addresses)
      report_.ends.at(index).addresses.push_back(address.to_string());
  }
}

std::vector<std::string> Tunnel::stop() noexcept {
  std::vector<std::string> failures;
  if (path_) path_->end_watch();
  if (relay_) {
    relay_->stop();
    end_capture();
    report_ = report();
  }
  path_.reset();
  monitor_.reset();
  if (applied_) {
    for (const UndoFailure& failure : applied_->undo()) failures.push_back(failure.to_string());
    applied_.reset();
  }
  relay_.reset();
  stages_.end_trace();
  capture_.end();
  offloads_.reset();
  devices_.clear();
  if (journal_) journal_->destroy();
  journal_.reset();
  wait_for_devices_to_go();
  if (janitor_ && failures.empty()) janitor_->dismiss();
  janitor_.reset();
  return failures;
}

void Tunnel::wait_for_devices_to_go() const noexcept {
  // The kernel closes an io_uring's files a moment after us; only then is our device gone, and
  // an administrator's free.
  const auto& ends = report_.ends;
  const auto is_there = [](const EndReport& end) {
    if (end.device.empty()) return false;
    const auto existing = find_existing_tun(end.device);
    return existing && (end.made_by_us || existing->queues_attached != 0);
  };
  const auto are_gone = [&] { return std::none_of(ends.begin(), ends.end(), is_there); };
  try {
    static_cast<void>(wait_until(are_gone, kDevicesGoLimitNs, kDevicesGoPauseNs));
  } catch (const Error&) {
    return;  // it can't be asked; the devices go all the same
  }
}

}  // namespace tunrelay
