// SPDX-License-Identifier: MIT
#include "relay/relay.hpp"

#include <algorithm>
#include <cstddef>
#include <latch>
#include <utility>

#include "base/clock.hpp"
#include "base/ensure.hpp"
#include "base/error.hpp"
#include "os/wait_until.hpp"

namespace tunrelay {

Relay::Relay(const RelayConfig& config) : mtu_bytes_(config.mtu_bytes) {
  for (std::size_t queue = 0; queue < config.queue_pairs.size(); ++queue) {
    WorkerConfig worker;
    worker.queue = queue;
    worker.fds = config.queue_pairs[queue];
    worker.has_header = config.has_header;
    worker.link_type = config.link_type;
    worker.merge = config.merge;
    worker.engine = config.engine;
    worker.sandbox = config.sandbox;
    worker.user = config.user;
    worker.has_users_stages = config.has_users_stages;
    worker.min_wait_ns = config.min_wait_ns;
    worker.queue_memory_bytes = config.queue_memory_bytes;
    worker.stages = [this](Direction direction, std::size_t lane_queue) {
      return stages_[index_of(direction)]->make_lane_stages(lane_queue);
    };
    if (!config.cpus.empty()) worker.cpu = config.cpus[queue % config.cpus.size()];
    workers_.push_back(std::make_unique<Worker>(std::move(worker), mtu_bytes_, endpoint_gone_));
  }
  for (const Direction direction : {Direction::kAToB, Direction::kBToA})
    stages_[index_of(direction)] =
        std::make_unique<StagePlan>(direction, config.stages[index_of(direction)], wakes());
  change_collectors();
}

std::vector<const EventFd*> Relay::wakes() const {
  std::vector<const EventFd*> wakes;
  for (const auto& worker : workers_) wakes.push_back(&worker->wake());
  return wakes;
}

Relay::~Relay() {
  stop();
}

void Relay::start() {
  try {
    for (auto& worker : workers_) worker->start();
  } catch (...) {
    stop();
    throw;
  }
}

void Relay::stop() noexcept {
  for (auto& worker : workers_) worker->stop();
}

void Relay::change_mtu(std::uint32_t mtu_bytes) noexcept {
  mtu_bytes_.store(mtu_bytes, std::memory_order_relaxed);
}

std::uint32_t Relay::mtu_bytes() const noexcept {
  return mtu_bytes_.load(std::memory_order_relaxed);
}

void Relay::change_stages(const StageSpecs& stages, std::array<bool, kDirections> in_place) {
  if (!(in_place[0] && in_place[1]) && !end_former_stages())
    throw Error({.attempt = "change",
                 .object = "the stages",
                 .cause = "those before the present ones still queue packets",
                 .hint = "try again when they have been let out"});
  // All is made before anything changes.
  std::array<DirectionSuccessors, kDirections> successors;
  std::array<std::unique_ptr<StagePlan>, kDirections> plans;
  std::array<LaneChains, kDirections> chains;
  for (const Direction direction : {Direction::kAToB, Direction::kBToA}) {
    const std::size_t index = index_of(direction);
    if (in_place[index]) {
      successors[index] = stages_[index]->make_successors(stages[index]);
      continue;
    }
    plans[index] = std::make_unique<StagePlan>(direction, stages[index], wakes());
    for (std::size_t queue = 0; queue < workers_.size(); ++queue)
      chains[index].push_back(
          lane(queue, direction).make_chain(plans[index]->make_lane_stages(queue)));
  }
  exchange_stages(successors);
  replace_stages(std::move(plans), chains);
}

void Relay::exchange_stages(std::array<DirectionSuccessors, kDirections>& successors) {
  for (std::size_t queue = 0; queue < workers_.size(); ++queue)
    workers_[queue]->between_turns([&] {
      const std::int64_t now_ns = monotonic_ns();
      for (const Direction direction : {Direction::kAToB, Direction::kBToA}) {
        const std::size_t index = index_of(direction);
        if (successors[index].lanes.empty()) continue;
        lane(queue, direction).change_stages(successors[index].lanes[queue], now_ns);
        const auto& collectors = stages_[index]->collectors();
        for (std::size_t at = 0; at < collectors.size(); ++at)
          if (collectors[at]->owner() == queue)
            collectors[at]->change_stages(successors[index].collectors[at], now_ns);
      }
    });
}

void Relay::replace_stages(std::array<std::unique_ptr<StagePlan>, kDirections> plans,
                           std::array<LaneChains, kDirections>& chains) {
  if (!plans[0] && !plans[1]) return;
  for (std::size_t index = 0; index < kDirections; ++index)
    if (plans[index])
      former_stages_[index] = std::exchange(stages_[index], std::move(plans[index]));
  // The owners know both plans' collectors before a lane hands anything to the new ones.
  change_collectors();
  for (std::size_t queue = 0; queue < workers_.size(); ++queue)
    workers_[queue]->between_turns([&] {
      for (const Direction direction : {Direction::kAToB, Direction::kBToA})
        if (auto& of_lanes = chains[index_of(direction)]; !of_lanes.empty())
          lane(queue, direction).change_chain(std::move(of_lanes[queue]));
    });
  for (const auto& former : former_stages_)
    for (std::size_t queue = 0; former && queue < workers_.size(); ++queue)
      for (DirectionCollector* collector : former->collectors_of(queue))
        workers_[queue]->between_turns([collector] { collector->drain(); });
  end_former_stages();
}

void Relay::change_collectors() {
  for (std::size_t queue = 0; queue < workers_.size(); ++queue) {
    std::vector<DirectionCollector*> collectors;
    for (const auto* plans : {&former_stages_, &stages_})
      for (const auto& plan : *plans) {
        if (!plan) continue;
        for (DirectionCollector* collector : plan->collectors_of(queue))
          collectors.push_back(collector);
      }
    workers_[queue]->change_collectors(std::move(collectors));
  }
}

bool Relay::end_former_stages() {
  if (!former_stages_[0] && !former_stages_[1]) return true;
  if (!wait_until([this] { return take_former_chains(); }, 300 * kNanosecondsPerMillisecond,
                  kNanosecondsPerMillisecond))
    return false;
  const auto former = std::exchange(former_stages_, {});  // destroyed when nobody runs them
  change_collectors();
  return true;
}

bool Relay::take_former_chains() {
  bool all_taken = true;
  for (std::size_t queue = 0; queue < workers_.size(); ++queue)
    for (const Direction direction : {Direction::kAToB, Direction::kBToA}) {
      std::unique_ptr<StageChain> former;  // destroyed here, not by the worker
      workers_[queue]->between_turns([&] {
        former = lane(queue, direction).take_former_chain();
        all_taken = all_taken && !lane(queue, direction).has_former_chain();
      });
    }
  return all_taken;
}

void Relay::change_merging(const std::array<MergeRules, kDirections>& merge) {
  for (std::size_t queue = 0; queue < workers_.size(); ++queue)
    workers_[queue]->between_turns([&] {
      for (const Direction direction : {Direction::kAToB, Direction::kBToA})
        lane(queue, direction).change_merging(merge[index_of(opposite(direction))]);
    });
}

void Relay::change_taps(const TapMaker& make) {
  for (std::size_t queue = 0; queue < workers_.size(); ++queue)
    for (const Direction direction : {Direction::kAToB, Direction::kBToA}) {
      std::unique_ptr<PacketTap> tap = make ? make(direction, queue) : nullptr;
      workers_[queue]->between_turns(
          [&] { tap = lane(queue, direction).change_tap(std::move(tap)); });
    }
}

Lane& Relay::lane(std::size_t queue, Direction direction) {
  Lane* lane = workers_[queue]->lane(direction);
  ensure(lane != nullptr, "stages and taps are changed of a relay that was started");
  return *lane;
}

void Relay::between_turns(const std::function<void()>& act) {
  std::vector<Worker*> held;
  for (const auto& worker : workers_)
    if (worker->runs()) held.push_back(worker.get());
  std::latch all_held(static_cast<std::ptrdiff_t>(held.size()));
  std::latch done(1);
  const std::function<void()> stay = [&] {
    all_held.count_down();
    done.wait();
  };
  for (Worker* worker : held) worker->begin_change(stay);
  all_held.wait();
  act();
  done.count_down();
  for (Worker* worker : held) worker->await_change(stay);
}

void Relay::refresh() const noexcept {
  for (const auto& worker : workers_) worker->refresh();
}

std::vector<WorkerReport> Relay::reports() const {
  std::vector<WorkerReport> reports;
  for (const auto& worker : workers_) reports.push_back(worker->report());
  return reports;
}

LaneCounts Relay::counts(Direction direction) const {
  LaneCounts sum;
  for (const auto& worker : workers_) sum += worker->report().lanes[index_of(direction)];
  return sum;
}

bool Relay::saw_path_nonce(Direction direction, std::uint64_t nonce) const noexcept {
  return std::any_of(workers_.begin(), workers_.end(), [&](const auto& worker) {
    return worker->last_path_nonce(direction) == nonce;
  });
}

int Relay::gone_errno(std::size_t end) const noexcept {
  for (const auto& worker : workers_)
    if (const int error = worker->gone_errno(end); error != 0) return error;
  return 0;
}

}  // namespace tunrelay
