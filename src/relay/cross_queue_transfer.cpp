// SPDX-License-Identifier: MIT
#include "relay/cross_queue_transfer.hpp"

#include <array>
#include <utility>

#include "base/ensure.hpp"
#include "packet/batch.hpp"

namespace tunrelay {
namespace {

// A queue's worker has some hundred buffers; these hold them all many times over, and what is
// beyond is dropped before the owner sees it.
constexpr std::size_t kInboxPackets = 8192;
constexpr std::size_t kReturnPackets = 4096;

}  // namespace

/// Stands in a lane's chain: to the lane it is a stage that queues packets for a while.
class DirectionCollector::LaneStage final : public Stage {
 public:
  LaneStage(Mailbox<Packet>& inbox, Mailbox<TransferredPacket>& returned)
      : inbox_(inbox), returned_(returned) {}

  [[nodiscard]] std::string_view name() const noexcept override { return "transfer"; }

  void process(std::span<const Packet> packets, std::int64_t /*now_ns*/,
               StageOutput& output) noexcept override {
    for (const Packet& packet : packets) {
      if (inbox_.post(packet))
        queued_ += tally_of(packet);
      else
        output.drop(packet, DropReason::kTransferFull);
    }
  }

  [[nodiscard]] std::int64_t next_deadline_ns() const noexcept override {
    return returned_.waiting() ? 0 : kNoDeadline;
  }

  void release(std::int64_t /*now_ns*/, StageOutput& output) noexcept override {
    std::array<TransferredPacket, kMaxBatch> transferred;
    const std::size_t count = returned_.take(transferred.data(), transferred.size());
    for (std::size_t at = 0; at < count; ++at) take_back(transferred[at], output);
  }

  [[nodiscard]] Tally queued() const noexcept override { return queued_; }

 private:
  void take_back(const TransferredPacket& back, StageOutput& output) noexcept {
    switch (back.verdict) {
      case TransferredPacket::Verdict::kPass:
        queued_ -= tally_of(back.packet);
        return output.pass(back.packet);
      case TransferredPacket::Verdict::kDrop:
        queued_ -= tally_of(back.packet);
        return output.drop(back.packet, back.reason);
      case TransferredPacket::Verdict::kShare:
        return output.share(back.packet);
      case TransferredPacket::Verdict::kCopy:
        queued_ += tally_of(back.packet);
        return output.copy(back.packet);
    }
  }

  Mailbox<Packet>& inbox_;
  Mailbox<TransferredPacket>& returned_;
  Tally queued_;
};

void DirectionCollector::Return::give_back(const Packet& packet, TransferredPacket::Verdict verdict,
                                           DropReason reason) noexcept {
  collector_.returns_[packet.queue]->post_always({packet, verdict, reason});
}
void DirectionCollector::Return::pass(const Packet& packet) noexcept {
  give_back(packet, TransferredPacket::Verdict::kPass);
}
void DirectionCollector::Return::drop(const Packet& packet, DropReason reason) noexcept {
  give_back(packet, TransferredPacket::Verdict::kDrop, reason);
}
void DirectionCollector::Return::share(const Packet& packet) noexcept {
  // Only the buffer's own worker counts its references. The order of the mailbox sees to it
  // that the share arrives before the run that needs it.
  give_back(packet, TransferredPacket::Verdict::kShare);
}
void DirectionCollector::Return::copy(const Packet& packet) noexcept {
  give_back(packet, TransferredPacket::Verdict::kCopy);
}
std::optional<FrameBuffer> DirectionCollector::Return::take_buffer(
    const Packet& /*packet*/) noexcept {
  return std::nullopt;
}
void DirectionCollector::Return::commit(const Packet& /*packet*/) noexcept {
  ensure(false, "what is committed stands in space that was taken");
}
void DirectionCollector::Return::consume(const Packet& packet) noexcept {
  commit(packet);
}

DirectionCollector::DirectionCollector(std::vector<std::unique_ptr<Stage>> stages,
                                       std::size_t owner, const std::vector<const EventFd*>& wakes)
    : owner_(owner),
      inbox_(kInboxPackets, *wakes.at(owner)),
      return_(*this),
      chain_(std::move(stages), return_) {
  for (const EventFd* wake : wakes)
    returns_.push_back(std::make_unique<Mailbox<TransferredPacket>>(kReturnPackets, *wake));
}

DirectionCollector::~DirectionCollector() = default;

std::unique_ptr<Stage> DirectionCollector::make_lane_stage(std::size_t queue) {
  return std::make_unique<LaneStage>(inbox_, *returns_.at(queue));
}

void DirectionCollector::take_turn(std::int64_t now_ns) noexcept {
  std::array<Packet, kMaxBatch> packets;
  const std::size_t count = inbox_.waiting() ? inbox_.take(packets.data(), packets.size()) : 0;
  if (count != 0 || chain_.deadline().due_ns <= now_ns)
    chain_.process({packets.data(), count}, now_ns);
  if (draining_) chain_.flush(now_ns);
}

Deadline DirectionCollector::deadline() const noexcept {
  return inbox_.waiting() ? Deadline{0, 0} : chain_.deadline();
}

}  // namespace tunrelay
