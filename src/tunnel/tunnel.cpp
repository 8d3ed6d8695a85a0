// SPDX-License-Identifier: MIT
#include "tunnel/tunnel.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <utility>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/utc.hpp"
#include "device/steering.hpp"
#include "os/cpu_topology.hpp"
#include "route/apply/cleanup.hpp"
#include "tunnel/leaving_devices.hpp"
#include "tunnel/plan_request.hpp"
#include "tunnel/tunnel_taps.hpp"
#include "tunnel/tunnel_user.hpp"

namespace tunrelay {
namespace {

TunnelOptions checked(TunnelOptions options, const TunnelScenario& scenario) {
  check_tunnel_options(options);
  check_user(options);
  if (scenario.plays()) options.link = scenario.player().link();
  if (options.state_directory.empty()) options.state_directory = kJournalDirectory;
  return options;
}

}  // namespace

Tunnel::Tunnel(TunnelOptions options)
    : scenario_(options),
      options_(checked(std::move(options), scenario_)),
      begun_ns_(monotonic_ns()),
      mtu_bytes_{options_.mtu_bytes, options_.mtu_bytes},
      engine_(choose_engine(options_.engine)),
      stages_(options_) {
  report_.strategy = options_.strategy;
  report_.mtu_bytes = options_.mtu_bytes;
  report_.engine = engine_.kind;
  report_.engine_reason = engine_.reason;
}

Tunnel::~Tunnel() {
  stop();
}

void Tunnel::start(const std::function<void()>& last_act) {
  // The janitor is forked before the first thread and before the first device: it must hold
  // neither locks nor queues of ours.
  open_journal();
  if (options_.janitor) start_janitor();
  stages_.load();
  leave_shared_namespaces(options_, report_.sandbox);
  open_devices();
  if (options_.capture) capture_.begin(*options_.capture, capture_site());
  if (options_.record) record_.open(*options_.record);
  check_user(options_);  // once more: the record is there now, and may be read at the end
  start_relay();
  apply_plan();
  if (janitor_) applied_->hand_over(janitor_->link());
  monitor_ = std::make_unique<RouteMonitor>(*applied_);
  path_ = std::make_unique<TunnelPath>(*relay_, *applied_);
  path_->prove_at_start();
  test_offloads();
  begin_accounts();
  if (last_act) last_act();
  file_access_ = confine_process(options_, report_.sandbox);
  path_->begin_watch(options_.path_check_interval_ns);
  ready_ns_ = monotonic_ns();
  report_.ready_after_ns = ready_ns_ - begun_ns_;
  if (record_.runs()) begin_record(true);
  begin_scenario();
}

void Tunnel::test_offloads() {
  const TunnelEnds& ends = applied_->plan().ends;
  offloads_->test(ends, options_.mtu_bytes, *relay_);
  const auto reading = read_interface(applied_->applier().socket(ends.a.netns), ends.a.device);
  offloads_->try_big_tcp(ends, reading && reading->interface.takes_big_ipv4, *relay_);
}

void Tunnel::open_journal() {
  if (options_.left_namespaces) return;  // all changes go with them
  // What a killed tunnel has left would look like a conflict.
  for (const UndoFailure& failure : clean_up_leftovers(options_.state_directory).failures)
    report_.notes.push_back("A former tunnel's change could not be undone: " + failure.to_string() +
                            ".");
  journal_ = std::make_unique<Journal>(JournalDirectory::open(options_.state_directory),
                                       instance_name(options_), false);
}

void Tunnel::start_janitor() {
  janitor_ = std::make_unique<JanitorKeeper>(
      JanitorDuty{.journal_directory = journal_ ? options_.state_directory : "",
                  .instance = instance_name(options_),
                  .left_namespaces = options_.left_namespaces,
                  .socket_paths = options_.socket_paths,
                  .confine = confinement_of_janitor(options_)});
}

void Tunnel::open_devices() {
  QueueChoice queues = stages_.want_one_queue() ? QueueChoice{.reason = "a stage wants one"}
                                                : choose_queues(options_);
  std::optional<FlowSteering> steering;
  if (queues.count > 1) steering.emplace(options_.type, queues.spread);
  // The kernel's own hash would spread all flows.
  if (queues.spread != SpreadFlows::kAll && !steering->is_allowed())
    queues = {.reason = "the kernel takes no program of this user that steers flows"};
  report_.queues_reason = queues.reason;
  for (const EndOptions* end : {&options_.a, &options_.b})
    devices_.push_back(Device::open({.name = end->device,
                                     .type = options_.type,
                                     .queues = queues.count,
                                     .offload = options_.offload}));
  offloads_ = std::make_unique<OffloadControl>(devices_, options_.offload, options_.coalesce);
  if (queues.count > 1)
    for (const Device& device : devices_)
      if (!steering->steer(device.queue_fd(0)))
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
  config.queue_memory_bytes = options_.queue_memory_bytes;
  config.cpus = options_.cpus.empty() ? cpus_for_workers() : options_.cpus;
  config.stages = stages_.make(config.queue_pairs.size(), config.mtu_bytes);
  confine_workers(options_, stages_.unconfined(), config, report_.sandbox);
  if (options_.flow_limit)
    flows_ = std::make_unique<FlowTables>(config.queue_pairs.size(), *options_.flow_limit);
  relay_ = std::make_unique<Relay>(config);
  stages_.wake_workers_of(relay_.get());
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

void Tunnel::begin_accounts() {
  // The self-test's connections still say good-bye, and neighbours on a TAP are looked up: none of
  // that is to be seen. What the link does to packets and what the trace shows begin with the
  // accounts, so that they have the same packets.
  relay_->change_taps(taps_of(flows_.get(), nullptr));
  relay_accounts_ = std::make_unique<RelayAccounts>(*relay_, [this] {
    stages_.begin();
    if (flows_) flows_->begin();
  });
  kernel_accounts_ = std::make_unique<KernelAccounts>(*applied_);
  stages_.begin_log();
  if (capture_.runs()) relay_->change_taps(taps_of(flows_.get(), &capture_));
}

std::vector<int> Tunnel::poll_fds() const {
  std::vector<int> fds{relay_->endpoint_gone().fd(), monitor_->fd(), scenario_.fd()};
  for (const int fd : path_->fds()) fds.push_back(fd);
  return fds;
}

std::vector<TunnelEvent> Tunnel::attend() {
  std::vector<TunnelEvent> events = follow_all();
  record_.note(events);
  if (record_.has_failed()) events.push_back(failure_event(*end_record()));
  for (const TunnelEvent& event : events) ++report_.events.at(static_cast<std::size_t>(event.kind));
  return events;
}

std::vector<TunnelEvent> Tunnel::follow_all() {
  std::vector<TunnelEvent> events;
  if (capture_.has_failed()) events.push_back(failure_event(*end_capture()));
  if (const std::string failure = stages_.log_failure(); !failure.empty())
    events.push_back(
        {TunnelEvent::Kind::kNote,
         "mahimahi's log has ended, it could not be written: " + failure + ". The link goes on."});
  offloads_->attend(*relay_, events);
  if (janitor_) janitor_->attend(events);
  follow_scenario(events);
  const bool has_changed = follow_routes(events);
  follow_devices(events);
  if (gone_) {
    path_->give_up();
    return events;
  }
  path_->attend(has_changed, events);
  return events;
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

void Tunnel::follow_mtu(const RouteEvent& event, std::vector<TunnelEvent>& events) {
  // The plan follows renamed interfaces; the report keeps the names that the user gave.
  const TunnelEnds& ends = applied_->plan().ends;
  if (event.device == ends.a.device) mtu_bytes_[0] = event.mtu_bytes;
  if (event.device == ends.b.device) mtu_bytes_[1] = event.mtu_bytes;
  const auto [smaller, larger] = std::minmax(mtu_bytes_[0], mtu_bytes_[1]);
  relay_->change_mtu(smaller);
  stages_.change_mtu(smaller);
  report_.mtu_bytes = smaller;
  if (smaller != larger) events.push_back(differing_mtu_event(ends, mtu_bytes_));
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
                                      : fmt::format("Could not read from {}: {}.", name,
                                                    describe_errno(error))});
  }
}

bool Tunnel::check_path() {
  return path_->prove();
}

void Tunnel::begin_path_check() {
  path_->begin_proof();
}

bool Tunnel::is_checking_path() const noexcept {
  return path_ && !gone_ && path_->is_proving();
}

void Tunnel::check_path_at_end() {
  path_->prove_at_end();
}

CaptureSite Tunnel::capture_site() const {
  return {.devices = {devices_[0].name(), devices_[1].name()},
          .link_type = link_type_of(options_.type),
          .queues = devices_[0].queues(),
          .application = options_.application,
          .rights = rights_beside(options_),
          .keeps_file_rights = needs_file_rights(options_)};
}

void Tunnel::start_capture(const CaptureOptions& options, FileDescriptor pipe) {
  capture_.begin(options, capture_site(), std::move(pipe));
  relay_->change_taps(taps_of(flows_.get(), &capture_));
  record_.note("capture", "A capture to " + options.file + " has begun.");
}

std::optional<CaptureReport> Tunnel::end_capture() noexcept {
  if (!capture_.runs()) return {};
  relay_->change_taps(taps_of(flows_.get(), nullptr));
  record_.note("capture", "The capture has ended.");
  return capture_.end();
}

void Tunnel::start_record(const RecordOptions& options, FileDescriptor file) {
  record_.open(options, std::move(file));
  begin_record(false);
}

void Tunnel::mark_record(std::string_view text) {
  record_.mark(text);
}

void Tunnel::begin_record(bool is_at_ready) {
  record_.begin(
      {.header = {.program = options_.application,
                  .started_utc = utc_now(),
                  .title = {},
                  .devices = {devices_[0].name(), devices_[1].name()},
                  .queues = devices_[0].queues(),
                  .mtu_bytes = report_.mtu_bytes},
       .ready_ns = ready_ns_,
       .is_at_ready = is_at_ready,
       .read_flows = flows_ ? [this] { return flows_->snapshot(FlowSeries::kMaxFollowed); }
                            : IntervalReader::ReadFlows{},
       .rights = rights_beside(options_)},
      stages_.emulated_link(), *relay_accounts_);
}

std::vector<std::string> Tunnel::stop() noexcept {
  std::vector<std::string> failures;
  if (path_) path_->end_watch();
  if (relay_) {
    relay_->stop();
    end_capture();
    end_record();
    stages_.end_log();
    report_ = report();
  }
  path_.reset();
  monitor_.reset();
  kernel_accounts_.reset();
  if (applied_) {
    for (const UndoFailure& failure : applied_->undo()) failures.push_back(failure.to_string());
    applied_.reset();
  }
  relay_accounts_.reset();
  if (relay_) stages_.wake_workers_of(nullptr);
  relay_.reset();
  capture_.end();
  offloads_.reset();
  devices_.clear();
  if (journal_) journal_->destroy();
  journal_.reset();
  wait_for_devices_to_go(report_.ends);
  if (janitor_ && failures.empty()) janitor_->dismiss();
  janitor_.reset();
  stages_.end_trace(report_);  // whose reader may be waited for, when all is as it was
  return failures;
}

}  // namespace tunrelay
