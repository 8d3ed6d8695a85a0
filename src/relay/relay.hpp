// The Relay: the workers together, one for each queue pair.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "base/event_fd.hpp"
#include "relay/worker.hpp"

namespace tunrelay {

/// One stage of a direction, in the order in which packets meet them.
struct StageSpec {
  StageScope scope = StageScope::kLane;
  /// QUEUE: the lane's; 0 for a direction's one instance.
  std::function<std::unique_ptr<Stage>(Direction direction, std::size_t queue)> make;
};

struct RelayConfig {
  std::vector<std::array<int, kDirections>> queue_pairs;  ///< descriptors of a[q] and b[q]
  std::array<bool, kDirections> has_header{true, true};
  LinkType link_type = LinkType::kIp;
  bool coalesce = true;  ///< merge small packets of a flow on write
  std::uint32_t mtu_bytes = 1500;
  EngineOptions engine;
  std::int64_t min_wait_ns = 0;  ///< turns begin at least that far apart, so that batches grow
  /// Where worker i is pinned; fewer than workers: they go round. Empty: none is pinned.
  std::vector<int> cpus;
  std::array<std::vector<StageSpec>, kDirections> stages;
};

/// Used by one thread, but for what says otherwise.
class Relay {
 public:
  explicit Relay(const RelayConfig& config);
  ~Relay();
  Relay(const Relay&) = delete;
  Relay& operator=(const Relay&) = delete;

  /// Starts every worker, or none: throws Error.
  void start();
  void stop() noexcept;

  /// Takes effect with the next packet; any thread.
  void change_mtu(std::uint32_t mtu_bytes) noexcept;
  [[nodiscard]] std::uint32_t mtu_bytes() const noexcept;

  /// Has every worker book its last writes; see Worker::refresh().
  void refresh() const noexcept;

  /// Any thread, at any time between start() and the destructor.
  [[nodiscard]] std::vector<WorkerReport> reports() const;
  /// The sum over all queues of one direction.
  [[nodiscard]] LaneCounts counts(Direction direction) const;
  /// Whether a path probe with that nonce was the last one that some queue has passed.
  [[nodiscard]] bool saw_path_nonce(Direction direction, std::uint64_t nonce) const noexcept;
  /// Signalled when a device was deleted; is_gone() then says which.
  [[nodiscard]] const EventFd& endpoint_gone() const noexcept { return endpoint_gone_; }
  [[nodiscard]] bool is_gone(std::size_t end) const noexcept;

 private:
  using StageMakers = std::vector<std::function<std::unique_ptr<Stage>(std::size_t queue)>>;

  void plan_stages(const RelayConfig& config);
  void add_hub(Direction direction, std::vector<std::unique_ptr<Stage>> stages);

  std::atomic<std::uint32_t> mtu_bytes_;
  EventFd endpoint_gone_;
  std::array<StageMakers, kDirections> lane_stages_;  ///< what makes each lane's stages
  std::vector<std::unique_ptr<DirectionHub>> hubs_;
  std::vector<std::unique_ptr<Worker>> workers_;
};

}  // namespace tunrelay
