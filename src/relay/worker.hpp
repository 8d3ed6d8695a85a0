// SPDX-License-Identifier: MIT
// A Worker: one pinned thread that moves the packets of one queue pair, both ways, until it
// is stopped. Its loop is Worker::run().
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include "base/direction.hpp"
#include "engine/engine.hpp"
#include "metrics/lane_counters.hpp"
#include "os/event_fd.hpp"
#include "relay/cross_queue_transfer.hpp"
#include "relay/lane.hpp"
#include "sandbox/thread_sandbox.hpp"

namespace tunrelay {

/// Makes the stages of one lane; called on the worker's thread before it starts.
using LaneStages =
    std::function<std::vector<std::unique_ptr<Stage>>(Direction direction, std::size_t queue)>;

struct WorkerConfig {
  std::size_t queue = 0;
  std::array<int, kDirections> fds{-1, -1};  ///< the queues of device a and of device b
  std::array<bool, kDirections> has_header{true, true};
  LinkType link_type = LinkType::kIp;
  std::array<MergeRules, kDirections> merge{};  ///< which packets a and b take merged
  std::optional<int> cpu;                       ///< where to pin the thread
  EngineOptions engine;
  SandboxPolicy sandbox = SandboxPolicy::kOff;  ///< of the thread
  std::optional<UserIdentity> user{};           ///< whose it becomes; nothing: it stays
  bool has_users_stages = false;                ///< beside our own
  std::int64_t min_wait_ns = 0;                 ///< turns begin at least that far apart
  std::size_t buffers = 0;                      ///< slots of the arena; 0: what the engine needs
  std::size_t queue_memory_bytes = 0;  ///< queue memory limit, each way; 0: those slots alone
  LaneStages stages;                   ///< may be empty
};

/// What a worker is doing, for reports.
struct WorkerReport {
  std::size_t queue = 0;
  EngineKind engine = EngineKind::kUring;
  std::optional<int> pinned_cpu;  ///< empty: not pinned
  int thread_id = 0;
  ThreadSandbox sandbox;
  RingState ring;
  std::array<LaneCounts, kDirections> lanes;
  EngineCounts engine_counts;
  std::uint64_t buffer_bytes = 0;  ///< memory that packets have been read into so far
  // What stages may queue in each lane, in memory and in packets.
  std::uint64_t queued_bytes_limit = 0;
  std::uint64_t queued_packets_limit = 0;
};

/// Used by one thread; the thread inside is its own affair.
class Worker {
 public:
  /// MTU_BYTES and ENDPOINT_GONE (signalled when a device was deleted) must outlive the worker.
  Worker(WorkerConfig config, const std::atomic<std::uint32_t>& mtu_bytes,
         const EventFd& endpoint_gone);
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  /// Starts the thread; returns when it is ready to move packets. Throws Error from within.
  void start();
  /// Lets what is under way go out, then ends the thread. Idempotent.
  void stop() noexcept;

  /// This worker runs the stages of COLLECTORS beside its lanes, and no others. They must outlive
  /// it, or its next change.
  void change_collectors(std::vector<DirectionCollector*> collectors);

  /// Runs CHANGE on the worker's thread between two turns, and returns when that is done; here
  /// and now where the thread does not run. CHANGE must not throw, block or allocate.
  void between_turns(const std::function<void()>& change);
  /// The two halves of it, for one CHANGE at several workers: it may block until all have begun it.
  /// CHANGE must outlive the second.
  void begin_change(const std::function<void()>& change);
  void await_change(const std::function<void()>& change);
  [[nodiscard]] bool runs() const noexcept { return thread_.joinable(); }
  /// For change_chain() and the like, inside of between_turns(); null before start().
  [[nodiscard]] Lane* lane(Direction direction) noexcept;

  /// What ends the worker's wait.
  [[nodiscard]] const EventFd& wake() const noexcept { return wake_; }

  /// Wakes the worker, so that it books what has become of its last writes, and waits until it
  /// has, some milliseconds at most. For a reader who wants the accounts of a relay at rest.
  void refresh() const noexcept;

  /// Safe while the worker runs.
  [[nodiscard]] WorkerReport report() const;
  /// The nonce of the newest path probe that passed in that direction.
  [[nodiscard]] std::uint64_t last_path_nonce(Direction direction) const noexcept;
  /// Not 0: nothing comes from the device at that end any more; Turn::gone_errno says why.
  [[nodiscard]] int gone_errno(std::size_t end) const noexcept {
    return gone_.at(end).load(std::memory_order_relaxed);
  }

 private:
  struct Inside;  ///< what lives on the worker's thread: arena, engine, lanes, the turn

  [[nodiscard]] WaitLimit wait_limit(const Inside& inside) const noexcept;
  void run(Inside& inside) noexcept;
  void keep_distance(Inside& inside) const noexcept;
  void take_turn(Inside& inside, const WaitLimit& limit) noexcept;
  void drain(Inside& inside) noexcept;
  void make_change() noexcept;

  WorkerConfig config_;
  const std::atomic<std::uint32_t>& mtu_bytes_;
  const EventFd& endpoint_gone_;
  EventFd wake_;
  std::atomic<bool> stopping_{false};
  std::array<std::atomic<int>, kDirections> gone_{};
  /// Turns after which nothing was under way: all writes booked, nothing new read.
  std::atomic<std::uint64_t> rests_{0};
  std::atomic<const std::function<void()>*> change_{nullptr};  ///< waits for the turn's end
  std::vector<DirectionCollector*> collectors_;
  std::thread thread_;
  std::unique_ptr<Inside> inside_;
};

}  // namespace tunrelay
