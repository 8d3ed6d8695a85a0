#include "relay/hand_off.hpp"

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

/// Stands in a lane's chain: to the lane it is a stage that holds packets for a while.
class DirectionHub::LaneStage final : public Stage {
 public:
  LaneStage(Mailbox<Packet>& inbox, Mailbox<HandedPacket>& returned)
      : inbox_(inbox), returned_(returned) {}

  [[nodiscard]] std::string_view name() const noexcept override { return "hand-off"; }

  void process(std::span<const Packet> packets, std::int64_t /*now_ns*/,
               StageOutput& output) noexcept override {
    for (const Packet& packet : packets) {
      if (inbox_.post(packet))
        held_ += tally_of(packet);
      else
        output.drop(packet, DropReason::kHandOffFull);
    }
  }

  [[nodiscard]] std::int64_t next_deadline_ns() const noexcept override {
    return returned_.waiting() ? 0 : kNoDeadline;
  }

  void release(std::int64_t /*now_ns*/, StageOutput& output) noexcept override {
    std::array<HandedPacket, kMaxBatch> handed;
    const std::size_t count = returned_.take(handed.data(), handed.size());
    for (std::size_t at = 0; at < count; ++at) take_back(handed[at], output);
  }

  [[nodiscard]] Tally held() const noexcept override { return held_; }

 private:
  void take_back(const HandedPacket& back, StageOutput& output) noexcept {
    switch (back.verdict) {
      case HandedPacket::Verdict::kPass:
        held_ -= tally_of(back.packet);
        return output.pass(back.packet);
      case HandedPacket::Verdict::kDrop:
        held_ -= tally_of(back.packet);
        return output.drop(back.packet, back.reason);
      case HandedPacket::Verdict::kShare:
        return output.share(back.packet);
      case HandedPacket::Verdict::kCopy:
        held_ += tally_of(back.packet);
        return output.copy(back.packet);
    }
  }

  Mailbox<Packet>& inbox_;
  Mailbox<HandedPacket>& returned_;
  Tally held_;
};

void DirectionHub::Return::give_back(const Packet& packet, HandedPacket::Verdict verdict,
                                     DropReason reason) noexcept {
  hub_.returns_[packet.queue]->post_always({packet, verdict, reason});
}
void DirectionHub::Return::pass(const Packet& packet) noexcept {
  give_back(packet, HandedPacket::Verdict::kPass);
}
void DirectionHub::Return::drop(const Packet& packet, DropReason reason) noexcept {
  give_back(packet, HandedPacket::Verdict::kDrop, reason);
}
void DirectionHub::Return::share(const Packet& packet) noexcept {
  // Only the buffer's own worker counts its references. The order of the mailbox sees to it
  // that the share arrives before the run that needs it.
  give_back(packet, HandedPacket::Verdict::kShare);
}
void DirectionHub::Return::copy(const Packet& packet) noexcept {
  give_back(packet, HandedPacket::Verdict::kCopy);
}
std::optional<FrameSpace> DirectionHub::Return::take_space(const Packet& /*packet*/) noexcept {
  return std::nullopt;
}
void DirectionHub::Return::adopt(const Packet& /*packet*/) noexcept {
  ensure(false, "what is adopted stands in space that was taken");
}
void DirectionHub::Return::retire(const Packet& packet) noexcept {
  adopt(packet);
}

DirectionHub::DirectionHub(std::vector<std::unique_ptr<Stage>> stages, std::size_t owner,
                           const std::vector<const EventFd*>& wakes)
    : owner_(owner),
      inbox_(kInboxPackets, *wakes.at(owner)),
      return_(*this),
      chain_(std::move(stages), return_) {
  for (const EventFd* wake : wakes)
    returns_.push_back(std::make_unique<Mailbox<HandedPacket>>(kReturnPackets, *wake));
}

DirectionHub::~DirectionHub() = default;

std::unique_ptr<Stage> DirectionHub::make_lane_stage(std::size_t queue) {
  return std::make_unique<LaneStage>(inbox_, *returns_.at(queue));
}

void DirectionHub::take_turn(std::int64_t now_ns) noexcept {
  std::array<Packet, kMaxBatch> packets;
  const std::size_t count = inbox_.waiting() ? inbox_.take(packets.data(), packets.size()) : 0;
  if (count != 0 || chain_.next_deadline_ns() <= now_ns)
    chain_.process({packets.data(), count}, now_ns);
  if (retiring_) chain_.hurry(now_ns);
}

std::int64_t DirectionHub::next_deadline_ns() const noexcept {
  return inbox_.waiting() ? 0 : chain_.next_deadline_ns();
}

}  // namespace tunrelay
