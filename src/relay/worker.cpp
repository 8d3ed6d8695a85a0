// SPDX-License-Identifier: MIT
#include "relay/worker.hpp"

#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <future>
#include <string>
#include <utility>

#include "base/clock.hpp"
#include "base/ensure.hpp"
#include "os/cpu_topology.hpp"
#include "os/signal_block.hpp"
#include "os/thread.hpp"
#include "os/wait_until.hpp"
#include "sandbox/thread_user.hpp"

namespace tunrelay {
namespace {

/// How many buffers a worker needs, a holder a line.
std::size_t buffer_budget(const EngineOptions& engine) {
  return kMaxEndpoints * engine.read_ahead  // given to the kernel to read into
         + kMaxBatch / 2;                   // read, and not yet written when the rings are refilled
}

ThreadKind thread_kind(const WorkerConfig& config) noexcept {
  if (config.engine.kind == EngineKind::kUring)
    return config.has_users_stages ? ThreadKind::kStageUringWorker : ThreadKind::kUringWorker;
  return config.has_users_stages ? ThreadKind::kStageSyscallWorker : ThreadKind::kSyscallWorker;
}

/// Of the calling thread, which makes nothing new from here on. Throws Error.
ThreadSandbox confine(const WorkerConfig& config, const RingState& ring) {
  const bool is_off = config.sandbox == SandboxPolicy::kOff;
  if (config.user) become_user(*config.user, !is_off);
  if (is_off) return {};
  const bool is_strict = config.sandbox == SandboxPolicy::kStrict;
  if (is_strict && !ring.refusal.empty())
    refuse_shortfall("its io_uring is not restricted: " + ring.refusal);
  ThreadSandbox sandbox = enter_sandbox(thread_kind(config));
  if (is_strict) refuse_shortfall(sandbox.shortfall);
  return sandbox;
}

}  // namespace

struct Worker::Inside {
  Inside(const WorkerConfig& config, const std::atomic<std::uint32_t>& mtu_bytes, int wake_fd)
      : arena(config.buffers != 0 ? config.buffers : buffer_budget(config.engine),
              config.queue_memory_bytes),
        engine(make_engine(config.engine, arena, endpoints(config), wake_fd, counters)) {
    for (std::size_t source = 0; source < kDirections; ++source) {
      const std::size_t target = 1 - source;
      const LaneEnds ends{.source = static_cast<EndpointIndex>(source),
                          .source_has_header = config.has_header[source],
                          .target = {.endpoint = static_cast<EndpointIndex>(target),
                                     .has_header = config.has_header[target],
                                     .merge = config.merge[target]}};
      lanes[source] = std::make_unique<Lane>(
          config.queue, ends, config.link_type, mtu_bytes, *engine, arena,
          config.stages ? config.stages(static_cast<Direction>(source), config.queue)
                        : std::vector<std::unique_ptr<Stage>>{});
    }
  }

  static std::array<Endpoint, kMaxEndpoints> endpoints(const WorkerConfig& config) {
    std::array<Endpoint, kMaxEndpoints> endpoints;
    for (std::size_t end = 0; end < kMaxEndpoints; ++end)
      endpoints[end] = {.fd = config.fds[end],
                        .read_offset = config.has_header[end] ? 0 : kVirtioNetHeaderBytes};
    return endpoints;
  }

  BufferArena arena;
  EngineCounters counters;
  std::unique_ptr<Engine> engine;
  std::array<std::unique_ptr<Lane>, kDirections> lanes;
  Turn turn;
  std::int64_t last_turn_ns = 0;  ///< when the packets of the last turn had come in
  std::optional<int> pinned_cpu;
  int thread_id = 0;
  RingState ring;
  ThreadSandbox sandbox;
};

Worker::Worker(WorkerConfig config, const std::atomic<std::uint32_t>& mtu_bytes,
               const EventFd& endpoint_gone)
    : config_(std::move(config)), mtu_bytes_(mtu_bytes), endpoint_gone_(endpoint_gone) {}

Worker::~Worker() {
  stop();
}

void Worker::start() {
  ensure(!thread_.joinable(), "a worker is started once");
  std::promise<void> ready;
  std::future<void> started = ready.get_future();
  const std::string name = "relay-" + std::to_string(config_.queue);
  thread_ = start_thread(name, [this, ready = std::move(ready)]() mutable {
    block_signals();
    ::prctl(PR_SET_TIMERSLACK, 1UL);  // a pause of 20 us shall not take 70
    // Pinned before the arena is touched, so that its pages are on this CPU's node. A cpuset
    // that shrank meanwhile refuses the CPU: the worker then runs where it may.
    const bool pinned = config_.cpu && pin_this_thread(*config_.cpu);
    try {
      inside_ = std::make_unique<Inside>(config_, mtu_bytes_, wake_.fd());
      inside_->ring = inside_->engine->ring_state();
      inside_->sandbox = confine(config_, inside_->ring);
    } catch (...) {
      inside_.reset();
      ready.set_exception(std::current_exception());
      return;
    }
    if (pinned) inside_->pinned_cpu = config_.cpu;
    inside_->thread_id = ::gettid();
    ready.set_value();
    run(*inside_);
    drain(*inside_);
    // A ring must be closed by the thread that made it.
    inside_->engine.reset();
  });
  started.get();
}

void Worker::stop() noexcept {
  if (!thread_.joinable()) return;
  stopping_.store(true, std::memory_order_relaxed);
  wake_.signal();
  thread_.join();
}

WaitLimit Worker::wait_limit(const Inside& inside) const noexcept {
  const std::int64_t give_back_ns = inside.arena.next_give_back_ns();
  Deadline next{give_back_ns, give_back_ns};
  for (const auto& lane : inside.lanes) next.join(lane->deadline());
  for (const DirectionCollector* collector : collectors_) next.join(collector->deadline());
  if (next.due_ns == Stage::kNoDeadline) return Engine::kNever;
  // Compared first: a stage of a user's may name any number, also one that can't be subtracted
  // from.
  const std::int64_t now_ns = monotonic_ns();
  if (next.latest_ns <= now_ns) return 0;
  // What has become due since the last turn may wait for its latest moment, too.
  const std::int64_t due_ns = std::max(next.due_ns, now_ns + 1);
  return {due_ns - now_ns, std::max<std::int64_t>(next.latest_ns - due_ns, 0)};
}

void Worker::run(Inside& inside) noexcept {
  while (!stopping_.load(std::memory_order_relaxed)) {
    if (config_.min_wait_ns > 0) keep_distance(inside);
    take_turn(inside, wait_limit(inside));
    if (change_.load(std::memory_order_relaxed) != nullptr) [[unlikely]]
      make_change();
    for (std::size_t end = 0; end < inside.turn.gone_errno.size(); ++end)
      if (const int error = inside.turn.gone_errno[end];
          error != 0 && gone_[end].exchange(error, std::memory_order_relaxed) == 0)
        endpoint_gone_.signal();
  }
}

void Worker::make_change() noexcept {
  (*change_.load(std::memory_order_acquire))();
  change_.store(nullptr, std::memory_order_release);
  change_.notify_one();
}

void Worker::between_turns(const std::function<void()>& change) {
  if (!runs()) return change();
  begin_change(change);
  await_change(change);
}

void Worker::begin_change(const std::function<void()>& change) {
  change_.store(&change, std::memory_order_release);
  wake_.signal();
}

void Worker::await_change(const std::function<void()>& change) {
  change_.wait(&change, std::memory_order_acquire);
}

void Worker::change_collectors(std::vector<DirectionCollector*> collectors) {
  between_turns([&] { collectors_.swap(collectors); });
}

Lane* Worker::lane(Direction direction) noexcept {
  return inside_ ? inside_->lanes[index_of(direction)].get() : nullptr;
}

void Worker::keep_distance(Inside& inside) const noexcept {
  // Packets that arrive meanwhile are read in one batch. A link that was quiet for longer is not
  // slowed.
  const std::int64_t early_ns = inside.last_turn_ns + config_.min_wait_ns - monotonic_ns();
  if (early_ns > 0) {
    inside.engine->flush();
    const timespec pause = to_timespec(early_ns);
    ::nanosleep(&pause, nullptr);
  }
}

void Worker::take_turn(Inside& inside, const WaitLimit& limit) noexcept {
  auto& lanes = inside.lanes;
  Turn& turn = inside.turn;
  // 1. One system call: the last turn's writes go out, we sleep if need be, packets come in.
  inside.engine->turn(limit, turn);
  const std::int64_t now_ns = monotonic_ns();
  inside.last_turn_ns = now_ns;
  // 2. Book what became of the writes.
  for (auto& lane : lanes) lane->settle(turn);
  inside.arena.give_back(now_ns);
  if (turn.arrival_count == 0) rests_.fetch_add(1, std::memory_order_release);
  // 3. Take the packets in: each belongs to the lane whose source it came from.
  for (std::size_t at = 0; at < turn.arrival_count; ++at)
    lanes[turn.arrivals[at].endpoint]->receive(turn.arrivals[at], now_ns);
  // 4. Through the stages, and queued for writing.
  for (DirectionCollector* collector : collectors_) collector->take_turn(now_ns);
  for (auto& lane : lanes) lane->forward(now_ns);
}

void Worker::drain(Inside& inside) noexcept {
  // What the kernel has read for us already goes out, for as long as something comes, but not
  // for ever under a flood.
  constexpr int kMaxTurns = 64;
  for (int turns = 0; turns < kMaxTurns; ++turns) {
    take_turn(inside, 0);
    if (inside.turn.arrival_count == 0) break;
  }
  for (auto& lane : inside.lanes) lane->abandon();
  // The last writes. A packet that came in beside them is counted as read and dropped.
  inside.engine->turn(0, inside.turn);
  for (auto& lane : inside.lanes) lane->settle(inside.turn);
  for (std::size_t at = 0; at < inside.turn.arrival_count; ++at)
    inside.lanes[inside.turn.arrivals[at].endpoint]->receive(inside.turn.arrivals[at],
                                                             monotonic_ns());
  for (auto& lane : inside.lanes) lane->abandon();
}

void Worker::refresh() const noexcept {
  if (!inside_ || !thread_.joinable()) return;
  const std::uint64_t rests = rests_.load(std::memory_order_acquire);
  wake_.signal();
  static_cast<void>(wait_until([&] { return rests_.load(std::memory_order_acquire) != rests; },
                               20 * kNanosecondsPerMillisecond, 50 * kNanosecondsPerMicrosecond));
}

WorkerReport Worker::report() const {
  WorkerReport report;
  report.queue = config_.queue;
  report.engine = config_.engine.kind;
  if (!inside_) return report;
  report.pinned_cpu = inside_->pinned_cpu;
  report.thread_id = inside_->thread_id;
  report.sandbox = inside_->sandbox;
  report.ring = inside_->ring;
  for (std::size_t direction = 0; direction < kDirections; ++direction)
    report.lanes[direction] = inside_->lanes[direction]->counters().snapshot();
  report.engine_counts = inside_->counters.snapshot();
  report.buffer_bytes = inside_->arena.touched_bytes();
  report.queued_bytes_limit = inside_->arena.queued_bytes_limit();
  report.queued_packets_limit = inside_->arena.queued_packets_limit();
  return report;
}

std::uint64_t Worker::last_path_nonce(Direction direction) const noexcept {
  return inside_ ? inside_->lanes[index_of(direction)]->counters().last_path_nonce.get() : 0;
}

}  // namespace tunrelay
