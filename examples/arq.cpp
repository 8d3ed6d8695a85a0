// SPDX-License-Identifier: MIT
// A link layer with stop-and-wait ARQ: a frame stays at its sender until the other end has
// acknowledged it, and is sent again when no answer comes in time. So nothing is lost over a link
// that loses, and TCP across it sees no loss.
//   tunrelay exec --stage ./libarq.so,loss=20,timeout_ms=2 -- iperf3 ...
//   tunrelay exec --stage ./libarq.so --a-to-b 'loss 20%' --b-to-a 'loss 20%' -- iperf3 ...
//
// Over the link goes: kind (1 byte: data or acknowledgement), number (1 byte), then the packet.
// The number alternates between 0 and 1: with one frame under way that distinguishes an old one
// from a new one, where the link keeps the order.
#include <deque>
#include <random>
#include <vector>

#include <tunrelay/stage.hpp>

namespace {

using namespace tunrelay::plugin;

class Arq : public Endpoint {
 public:
  explicit Arq(const Setup& setup)
      : Endpoint(setup),
        loss_percent_(setup.options.number("loss", 0, 0, 90)),
        timeout_ns_(setup.options.number("timeout_ms", 5, 1, 10'000) * kMillisecondNs),
        most_queued_(setup.options.number<std::size_t>("queue", 1000, 1, 4000)),
        chance_(setup.options.number("seed", 1U, 0U, 1'000'000U) + setup.site.end) {}

  void from_device(std::span<Frame> frames, std::int64_t now_ns) override {
    for (Frame& frame : frames)
      if (queue_.size() < most_queued_)
        queue_.push_back(std::move(frame));
      else
        frame.drop("queue full");
    if (!under_way_) send_first(now_ns);
  }

  void from_link(std::span<Frame> frames, std::int64_t now_ns) override {
    for (Frame& frame : frames) {
      if (frame.bytes().size() < kHeaderBytes) {
        frame.drop("too short");
        continue;
      }
      const auto kind = static_cast<Kind>(frame.bytes()[0]);
      const auto number = std::to_integer<unsigned>(frame.bytes()[1]);
      if (kind == Kind::kAcknowledgement)
        take_acknowledgement(frame, number, now_ns);
      else
        take_data(frame, number);
    }
  }

  [[nodiscard]] std::int64_t next_deadline_ns() const override {
    return under_way_ ? deadline_ns_ : kNever;
  }
  void at_deadline(std::int64_t now_ns) override {
    count("sent again");
    send_first(now_ns);
  }

 private:
  enum class Kind : std::uint8_t { kData = 'D', kAcknowledgement = 'A' };
  static constexpr std::size_t kHeaderBytes = 2;

  void take_acknowledgement(Frame& frame, unsigned number, std::int64_t now_ns) {
    frame.finish();
    if (!under_way_ || number != next_to_send_) return;  // of a frame that was sent again
    queue_.front().finish();
    queue_.pop_front();
    under_way_ = false;
    next_to_send_ ^= 1U;
    if (!queue_.empty()) send_first(now_ns);
  }

  void take_data(Frame& frame, unsigned number) {
    // It may be there already, its acknowledgement lost: acknowledge again, and hand on once.
    transmit(Kind::kAcknowledgement, number, {});
    if (number != next_to_take_) return frame.finish();
    next_to_take_ ^= 1U;
    frame.replace_start(kHeaderBytes, {});
    frame.pass();
  }

  void send_first(std::int64_t now_ns) {
    if (queue_.empty()) return;
    under_way_ = true;
    deadline_ns_ = now_ns + timeout_ns_;
    transmit(Kind::kData, next_to_send_, queue_.front().bytes());
  }

  /// Over a channel that loses some of it.
  void transmit(Kind kind, unsigned number, std::span<const std::byte> payload) {
    if (std::uniform_int_distribution<int>(0, 99)(chance_) < loss_percent_) {
      count("lost by the channel");
      return;
    }
    message_.assign({static_cast<std::byte>(kind), static_cast<std::byte>(number)});
    message_.insert(message_.end(), payload.begin(), payload.end());
    send_to_link(message_);
  }

  int loss_percent_;
  std::int64_t timeout_ns_;
  std::size_t most_queued_;
  std::mt19937 chance_;
  std::deque<Frame> queue_;  ///< the first one is under way, the others wait
  bool under_way_ = false;
  std::int64_t deadline_ns_ = kNever;
  unsigned next_to_send_ = 0;
  unsigned next_to_take_ = 0;
  std::vector<std::byte> message_;
};

}  // namespace

TUNRELAY_CONFINED_STAGE(Arq, "arq", Access::kChangesWireSegments, Pairs::kEachQueue);
