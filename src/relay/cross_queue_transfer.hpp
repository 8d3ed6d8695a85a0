// SPDX-License-Identifier: MIT
// The transfer between queues: packets of all queues of a direction go to one worker, the owner,
// for the stages that work on the whole direction (a rate, a shared queue), and come back to the
// worker that read them, which alone may write or free their buffers.
//
//   lane of queue q --inbox--> owner: the direction's stages --return mailbox of q--> lane of q
//
// Both ways keep the order of what one queue hands over, and so the order within a flow.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "relay/mailbox.hpp"
#include "relay/stage_chain.hpp"

namespace tunrelay {

/// What the owner says of a packet that it gives back.
struct TransferredPacket {
  enum class Verdict : std::uint8_t { kPass, kDrop, kShare, kCopy };

  Packet packet;
  Verdict verdict = Verdict::kPass;
  DropReason reason = DropReason::kStage;
};

/// One group of direction-wide stages. Made before the workers start; take_turn() belongs to
/// the owner's thread, each lane stage to its lane's.
class DirectionCollector {
 public:
  /// WAKES: the wake-up of each queue's worker, in the order of the queues; OWNER: the queue
  /// whose worker runs STAGES. Both must outlive the collector.
  DirectionCollector(std::vector<std::unique_ptr<Stage>> stages, std::size_t owner,
                     const std::vector<const EventFd*>& wakes);
  ~DirectionCollector();
  DirectionCollector(const DirectionCollector&) = delete;
  DirectionCollector& operator=(const DirectionCollector&) = delete;

  /// The stage that stands in QUEUE's lane: hands over and takes back. The collector must outlive
  /// it.
  [[nodiscard]] std::unique_ptr<Stage> make_lane_stage(std::size_t queue);

  [[nodiscard]] std::size_t owner() const noexcept { return owner_; }
  /// No lane hands over any more: from the next turn on, what is queued goes back at once, as far
  /// as the stages can be flushed.
  void drain() noexcept { draining_ = true; }
  /// The owner's thread: as StageChain::change(). What lanes have handed over and were not given
  /// back meets the new stages.
  void change_stages(StageSuccessors& successors, std::int64_t now_ns) noexcept {
    chain_.change(successors, now_ns);
  }
  /// Takes what was transferred, and queued packets that are due, through the stages.
  void take_turn(std::int64_t now_ns) noexcept;
  [[nodiscard]] Deadline deadline() const noexcept;

 private:
  class LaneStage;
  /// Gives packets back to the lanes that they came from.
  class Return final : public StageOutput {
   public:
    explicit Return(DirectionCollector& collector) : collector_(collector) {}
    void pass(const Packet& packet) noexcept override;
    void drop(const Packet& packet, DropReason reason) noexcept override;
    void share(const Packet& packet) noexcept override;
    void copy(const Packet& packet) noexcept override;
    /// Nothing: the buffers are the lanes', and only their workers may give them away.
    [[nodiscard]] std::optional<FrameBuffer> take_buffer(const Packet& packet) noexcept override;
    void commit(const Packet& packet) noexcept override;
    void consume(const Packet& packet) noexcept override;

   private:
    void give_back(const Packet& packet, TransferredPacket::Verdict verdict,
                   DropReason reason = DropReason::kStage) noexcept;

    DirectionCollector& collector_;
  };

  std::size_t owner_;
  Mailbox<Packet> inbox_;
  std::vector<std::unique_ptr<Mailbox<TransferredPacket>>> returns_;  ///< by queue
  Return return_;
  StageChain chain_;
  bool draining_ = false;
};

}  // namespace tunrelay
