// SPDX-License-Identifier: MIT
// A Lane: one direction of one queue pair. Packets come in at the source, go through the
// stages, and leave at the target; every one is accounted for on the way.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "base/direction.hpp"
#include "engine/engine.hpp"
#include "metrics/lane_counters.hpp"
#include "packet/batch.hpp"
#include "packet/packet_tap.hpp"
#include "packet/parse.hpp"
#include "relay/lane_writer.hpp"
#include "relay/stage_chain.hpp"
#include "stage/stage.hpp"

namespace tunrelay {

/// The two queues that a lane joins, and what stands before their packets.
struct LaneEnds {
  EndpointIndex source = 0;
  bool source_has_header = true;  ///< a virtio-net header before each packet read
  TargetPlan target;
};

/// Used by its worker's thread alone, but for counters(), which any thread may read.
class Lane {
 public:
  /// MTU_BYTES may change under way (an administrator's new MTU); all else stays. The engine,
  /// the arena and the MTU must outlive the lane.
  Lane(std::size_t queue, const LaneEnds& ends, LinkType link_type,
       const std::atomic<std::uint32_t>& mtu_bytes, Engine& engine, BufferArena& arena,
       std::vector<std::unique_ptr<Stage>> stages);
  ~Lane();
  Lane(const Lane&) = delete;
  Lane& operator=(const Lane&) = delete;

  /// Books what became of the writes to the target since the last turn.
  void settle(const Turn& turn) noexcept;
  /// Takes in a packet read from the source: checks it, or drops and counts it.
  void receive(const Arrival& arrival, std::int64_t now_ns) noexcept;
  /// Takes the received packets, and queued ones that are due, through the stages to the target.
  void forward(std::int64_t now_ns) noexcept;
  /// Counts what was received or is queued and not forwarded as dropped: the relay stops.
  void abandon() noexcept;

  /// A chain that leads where this lane's leads; any thread. The lane must outlive it.
  [[nodiscard]] std::unique_ptr<StageChain> make_chain(std::vector<std::unique_ptr<Stage>> stages) {
    return std::make_unique<StageChain>(std::move(stages), exit_);
  }
  /// CHAIN takes over from here on. What the former one queues goes out at once, as far as its
  /// stages can be flushed, before later packets; the rest when it is due.
  void change_chain(std::unique_ptr<StageChain> chain) noexcept;
  /// The former chain, when it queues nothing any more: for another thread to destroy.
  [[nodiscard]] std::unique_ptr<StageChain> take_former_chain() noexcept;
  [[nodiscard]] bool has_former_chain() const noexcept { return former_chain_ != nullptr; }
  /// As StageChain::change().
  void change_stages(StageSuccessors& successors, std::int64_t now_ns) noexcept {
    chain_->change(successors, now_ns);
  }

  /// Which packets are merged from here on.
  void change_merging(const MergeRules& rules) noexcept { writer_.change_merging(rules); }

  /// TAP sees every packet from here on, none if it is null; the former one is returned.
  std::unique_ptr<PacketTap> change_tap(std::unique_ptr<PacketTap> tap) noexcept {
    return std::exchange(tap_, std::move(tap));
  }

  [[nodiscard]] Deadline deadline() const noexcept;
  [[nodiscard]] const LaneCounters& counters() const noexcept { return counters_; }

 private:
  /// Where the stages lead: to the target, or to a drop.
  class Exit final : public StageOutput {
   public:
    explicit Exit(Lane& lane) : lane_(lane) {}
    void pass(const Packet& packet) noexcept override { lane_.leave(packet); }
    void drop(const Packet& packet, DropReason reason) noexcept override {
      lane_.drop(packet, reason);
    }
    void share(const Packet& packet) noexcept override { lane_.arena_.retain(packet.buffer); }
    void copy(const Packet& packet) noexcept override;
    [[nodiscard]] std::optional<FrameBuffer> take_buffer(const Packet& like) noexcept override;
    void commit(const Packet& packet) noexcept override;
    void consume(const Packet& packet) noexcept override;

   private:
    Lane& lane_;
  };

  void keep(Packet& packet) noexcept;
  void drop(const Packet& packet, DropReason reason) noexcept;
  void leave(const Packet& packet) noexcept;
  /// The run that leaves in this turn and that PACKET's continues, with nothing of its flow
  /// between.
  [[nodiscard]] Packet* run_before(const Packet& packet) noexcept;
  void write(Batch& packets) noexcept;
  void flush_former_chain(std::int64_t now_ns) noexcept;
  void end_refused_merging(const WriteOutcome& outcome) noexcept;
  void note_path_probe(const Packet& packet) noexcept;

  std::uint16_t queue_;
  LaneEnds ends_;
  LinkType link_type_;
  const std::atomic<std::uint32_t>& mtu_bytes_;
  BufferArena& arena_;
  LaneWriter writer_;
  Exit exit_;
  std::unique_ptr<StageChain> chain_;
  std::unique_ptr<StageChain> former_chain_;  ///< while it queues packets, after a change
  std::unique_ptr<PacketTap> tap_;
  std::uint64_t packets_read_ = 0;
  Batch batch_;    ///< received, not yet forwarded
  Batch leaving_;  ///< through the stages, not yet written
  LaneCounters counters_;
};

}  // namespace tunrelay
