#include "relay/relay.hpp"

#include <algorithm>
#include <utility>

namespace tunrelay {

Relay::Relay(const RelayConfig& config) : mtu_bytes_(config.mtu_bytes) {
  for (std::size_t queue = 0; queue < config.queue_pairs.size(); ++queue) {
    WorkerConfig worker;
    worker.queue = queue;
    worker.fds = config.queue_pairs[queue];
    worker.has_header = config.has_header;
    worker.link_type = config.link_type;
    worker.coalesce = config.coalesce;
    worker.engine = config.engine;
    worker.min_wait_ns = config.min_wait_ns;
    worker.stages = [this](Direction direction, std::size_t lane_queue) {
      std::vector<std::unique_ptr<Stage>> stages;
      for (const auto& make : lane_stages_[index_of(direction)]) stages.push_back(make(lane_queue));
      return stages;
    };
    if (!config.cpus.empty()) worker.cpu = config.cpus[queue % config.cpus.size()];
    workers_.push_back(std::make_unique<Worker>(std::move(worker), mtu_bytes_, endpoint_gone_));
  }
  plan_stages(config);
}

void Relay::plan_stages(const RelayConfig& config) {
  for (const Direction direction : {Direction::kAToB, Direction::kBToA}) {
    // Neighbouring direction-wide stages share one hand-off. With one queue there is nothing
    // to hand over: its lane sees the whole direction.
    std::vector<std::unique_ptr<Stage>> group;
    for (const StageSpec& spec : config.stages[index_of(direction)]) {
      if (spec.scope == StageScope::kDirection && workers_.size() > 1) {
        group.push_back(spec.make(direction, 0));
        continue;
      }
      if (!group.empty()) add_hub(direction, std::exchange(group, {}));
      lane_stages_[index_of(direction)].push_back(
          [make = spec.make, direction](std::size_t queue) { return make(direction, queue); });
    }
    if (!group.empty()) add_hub(direction, std::move(group));
  }
}

void Relay::add_hub(Direction direction, std::vector<std::unique_ptr<Stage>> stages) {
  std::vector<const EventFd*> wakes;
  for (const auto& worker : workers_) wakes.push_back(&worker->wake());
  // The two directions' owners are different workers, so that neither carries both.
  const std::size_t owner = index_of(direction) % workers_.size();
  auto& hub = *hubs_.emplace_back(std::make_unique<DirectionHub>(std::move(stages), owner, wakes));
  workers_[owner]->own(hub);
  lane_stages_[index_of(direction)].push_back(
      [&hub](std::size_t queue) { return hub.make_lane_stage(queue); });
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

bool Relay::is_gone(std::size_t end) const noexcept {
  return std::any_of(workers_.begin(), workers_.end(),
                     [end](const auto& worker) { return worker->is_gone(end); });
}

}  // namespace tunrelay
