// SPDX-License-Identifier: MIT
#include "relay/relay.hpp"

#include <algorithm>
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
    worker.min_wait_ns = config.min_wait_ns;
    worker.queue_memory_bytes = config.queue_memory_bytes;
    worker.stages = [this](Direction direction, std::size_t lane_queue) {
      return stages_->make_lane_stages(direction, lane_queue);
    };
    if (!config.cpus.empty()) worker.cpu = config.cpus[queue % config.cpus.size()];
    workers_.push_back(std::make_unique<Worker>(std::move(worker), mtu_bytes_, endpoint_gone_));
  }
  stages_ = std::make_unique<StagePlan>(config.stages, wakes());
  for (std::size_t queue = 0; queue < workers_.size(); ++queue)
    workers_[queue]->change_collectors(stages_->collectors_of(queue));
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

void Relay::change_stages(const StageSpecs& stages) {
  if (!end_former_stages())
    throw Error({.attempt = "change",
                 .object = "the stages",
                 .cause = "those before the present ones still queue packets",
                 .hint = "try again when they have been let out"});
  auto plan = std::make_unique<StagePlan>(stages, wakes());
  std::vector<std::array<std::unique_ptr<StageChain>, kDirections>> chains(workers_.size());
  for (std::size_t queue = 0; queue < workers_.size(); ++queue)
    for (const Direction direction : {Direction::kAToB, Direction::kBToA})
      chains[queue][index_of(direction)] =
          lane(queue, direction).make_chain(plan->make_lane_stages(direction, queue));
  // The owners know both plans' collectors before a lane hands anything to the new ones.
  for (std::size_t queue = 0; queue < workers_.size(); ++queue) {
    std::vector<DirectionCollector*> collectors = stages_->collectors_of(queue);
    for (DirectionCollector* collector : plan->collectors_of(queue))
      collectors.push_back(collector);
    workers_[queue]->change_collectors(std::move(collectors));
  }
  for (std::size_t queue = 0; queue < workers_.size(); ++queue)
    workers_[queue]->between_turns([&] {
      for (const Direction direction : {Direction::kAToB, Direction::kBToA})
        lane(queue, direction).change_chain(std::move(chains[queue][index_of(direction)]));
    });
  former_stages_ = std::exchange(stages_, std::move(plan));
  for (std::size_t queue = 0; queue < workers_.size(); ++queue)
    for (DirectionCollector* collector : former_stages_->collectors_of(queue))
      workers_[queue]->between_turns([collector] { collector->drain(); });
  end_former_stages();
}

bool Relay::end_former_stages() {
  if (!former_stages_) return true;
  if (!wait_until([this] { return take_former_chains(); }, 300 * kNanosecondsPerMillisecond,
                  kNanosecondsPerMillisecond))
    return false;
  for (std::size_t queue = 0; queue < workers_.size(); ++queue)
    workers_[queue]->change_collectors(stages_->collectors_of(queue));
  former_stages_.reset();
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
  // Each worker waits for the next one, and the last one acts.
  std::function<void()> next = act;
  for (const auto& worker : workers_)
    next = [&worker = *worker, inner = std::move(next)] { worker.between_turns(inner); };
  next();
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
