// SPDX-License-Identifier: MIT
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

#include "os/event_fd.hpp"
#include "packet/packet_tap.hpp"
#include "relay/stage_plan.hpp"
#include "relay/worker.hpp"

namespace tunrelay {

/// Makes what sees the packets of one lane.
using TapMaker = std::function<std::unique_ptr<PacketTap>(Direction direction, std::size_t queue)>;

/// 10 Gbit/s for 200 ms.
inline constexpr std::size_t kDefaultQueueMemoryBytes = std::size_t{256} * 1024 * 1024;

struct RelayConfig {
  std::vector<std::array<int, kDirections>> queue_pairs;  ///< descriptors of a[q] and b[q]
  std::array<bool, kDirections> has_header{true, true};
  LinkType link_type = LinkType::kIp;
  /// Which packets of a flow are merged on write to a and to b: what they take, and is
  /// wanted.
  std::array<MergeRules, kDirections> merge{};
  std::uint32_t mtu_bytes = 1500;
  EngineOptions engine;
  SandboxPolicy sandbox = SandboxPolicy::kOff;  ///< of the workers' threads
  std::optional<UserIdentity> user{};           ///< whose they become; nothing: they stay
  /// Stages may be users' own, which make no system calls but for memory.
  bool has_users_stages = false;
  std::int64_t min_wait_ns = 0;  ///< turns begin at least that far apart, so that batches grow
  /// Where worker i is pinned; fewer than workers: they go round. Empty: none is pinned.
  std::vector<int> cpus;
  /// The queue memory limit of stages, for each queue and direction, in whole pages; packets that
  /// arrive when it is full are dropped as `queue_memory_full`. Memory is used only as needed.
  std::size_t queue_memory_bytes = kDefaultQueueMemoryBytes;
  StageSpecs stages;
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

  /// From here on packets meet these stages, at every worker from its next turn on. All stages are
  /// made first: where one can't be, its Error comes through and nothing has changed.
  ///
  /// In a direction that is IN_PLACE there are as many as before, of the same scopes, and each
  /// takes over what its former queues (Stage::take_over()), or, where it makes nothing, that
  /// stays. In others the stages before let out at once what they queue. Waits, some tenths of a
  /// second at most, until those are empty; where they are not, the next change that is not in
  /// place is refused by an Error for as long.
  void change_stages(const StageSpecs& stages, std::array<bool, kDirections> in_place = {});
  /// From here on those packets are merged on write to a and to b.
  void change_merging(const std::array<MergeRules, kDirections>& merge);
  /// From here on each lane's packets are shown to what MAKE gives for it; to nobody when it is
  /// empty. The former taps are destroyed when this returns.
  void change_taps(const TapMaker& make);

  /// Calls ACT while every worker stands between two of its turns, so that what it reads of them
  /// and what it sets for them belongs to one moment. It runs on the calling thread and holds all
  /// of them up: only where the link is not in use yet, or for something short. It must not throw.
  /// Must not be nested, nor call what changes stages or taps.
  void between_turns(const std::function<void()>& act);

  /// Ends the sleep of QUEUE's worker: it looks at its stages' deadlines again. Any thread.
  void wake(std::size_t queue) const noexcept { workers_[queue]->wake().signal(); }
  /// Has every worker book its last writes; see Worker::refresh().
  void refresh() const noexcept;

  /// Any thread, at any time between start() and the destructor.
  [[nodiscard]] std::vector<WorkerReport> reports() const;
  /// The sum over all queues of one direction.
  [[nodiscard]] LaneCounts counts(Direction direction) const;
  /// Whether a path probe with that nonce was the last one that some queue has passed.
  [[nodiscard]] bool saw_path_nonce(Direction direction, std::uint64_t nonce) const noexcept;
  /// Signalled when reading from a device has ended; gone_errno() then says which and why.
  [[nodiscard]] const EventFd& endpoint_gone() const noexcept { return endpoint_gone_; }
  /// 0, or the errno with which a worker's reading from that end's device has ended for good:
  /// EBADFD where it was deleted.
  [[nodiscard]] int gone_errno(std::size_t end) const noexcept;

 private:
  [[nodiscard]] std::vector<const EventFd*> wakes() const;
  [[nodiscard]] Lane& lane(std::size_t queue, Direction direction);
  using LaneChains = std::vector<std::unique_ptr<StageChain>>;  ///< by queue

  void exchange_stages(std::array<DirectionSuccessors, kDirections>& successors);
  void replace_stages(std::array<std::unique_ptr<StagePlan>, kDirections> plans,
                      std::array<LaneChains, kDirections>& chains);
  void change_collectors();
  [[nodiscard]] bool take_former_chains();
  bool end_former_stages();

  std::atomic<std::uint32_t> mtu_bytes_;
  EventFd endpoint_gone_;
  std::array<std::unique_ptr<StagePlan>, kDirections> stages_;
  /// While they queue packets, after a change.
  std::array<std::unique_ptr<StagePlan>, kDirections> former_stages_;
  std::vector<std::unique_ptr<Worker>> workers_;
};

}  // namespace tunrelay
