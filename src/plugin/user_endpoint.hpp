// SPDX-License-Identifier: MIT
// One endpoint of a user's stage, from the host's side: gives it frames, and carries out what it
// says of them. Both directions of a queue go through it, each as a Stage of its lane
// (plugin/endpoint_stage.hpp), and what is said of one while the other has its turn waits for it.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "packet/parse.hpp"
#include "packet/wire_segment.hpp"
#include "plugin/endpoint_counters.hpp"
#include "plugin/frame_table.hpp"
#include "plugin/shown_segments.hpp"
#include "plugin/stage_library.hpp"
#include "stage/own_frame.hpp"
#include "stage/stage.hpp"

namespace tunrelay {

/// What ends the sleep of an endpoint's worker. Any thread; while there are no workers nothing
/// happens.
class EndpointWaker {
 public:
  using Wake = std::function<void(std::size_t queue)>;

  void wake(std::size_t queue) const {
    const std::scoped_lock lock(mutex_);
    if (wake_) wake_(queue);
  }
  /// When it returns, no former one runs any more.
  void change(Wake wake) {
    const std::scoped_lock lock(mutex_);
    wake_ = std::move(wake);
  }

 private:
  mutable std::mutex mutex_;
  Wake wake_;
};

/// Where endpoints stand and what they share; written by the tunnel's thread.
struct StageSurroundings {
  LinkType link_type = LinkType::kIp;
  std::uint32_t queues = 1;
  std::atomic<std::uint32_t> mtu_bytes{1500};
  /// Packets read before pass all stages by, and so do path probes at any time: the proof of path
  /// holds across any stage.
  std::atomic<std::int64_t> begun_ns{std::numeric_limits<std::int64_t>::max()};
  EndpointWaker waker;
};

struct EndpointPlace {
  std::uint32_t stage = 0;  ///< its number, from the devices on
  std::uint32_t end = 0;    ///< 0: beside device a; 1: b
  std::uint32_t queue = 0;
  /// Whether what leaves that way is of the users' own form, and not for a kernel.
  std::array<bool, kEndpointWays> is_opaque{};
};

/// What an endpoint keeps room for; what is beyond is refused.
struct EndpointLimits {
  std::size_t frames_in_hand = 8192;  ///< the user's: those of a window of a few MB
  /// Frames that wait for the other direction's turn, at most until the next turn of the worker.
  std::size_t waiting_frames = 2048;
  std::size_t waiting_bytes = std::size_t{1} << 20;
};

/// Made and destroyed by any thread, else used by its worker's alone.
class UserEndpoint {
 public:
  /// Throws a usage Error with the message of the user's constructor. All must outlive it.
  UserEndpoint(const StageLibrary& library, const EndpointPlace& place,
               const StageSurroundings& surroundings, EndpointCounters& counters,
               const EndpointLimits& limits = {});
  ~UserEndpoint();
  UserEndpoint(const UserEndpoint&) = delete;
  UserEndpoint& operator=(const UserEndpoint&) = delete;

  /// Before the first packet: what OTHER, of the same stage and queue, has shown of a packet is
  /// shown here again.
  void share_shown(const UserEndpoint& other) noexcept { shown_at_other_end_ = other.shown_; }

  // As Stage has them, for each way.
  void process(EndpointWay way, std::span<const Packet> packets, std::int64_t now_ns,
               StageOutput& output) noexcept;
  void release(EndpointWay way, std::int64_t now_ns, StageOutput& output) noexcept;
  [[nodiscard]] std::int64_t next_deadline_ns(EndpointWay way) const noexcept;
  [[nodiscard]] Tally queued(EndpointWay way) const noexcept {
    return lanes_[static_cast<std::size_t>(way)].queued;
  }

 private:
  /// The largest frame of a TAP: 65,535 bytes behind an Ethernet header with two VLAN tags.
  static constexpr std::uint32_t kMaxFrameBytes = 65535 + 14 + 2 * 4;

  using Slot = FrameTable::Slot;
  enum class Verdict : std::uint8_t { kPass, kDrop, kFinish, kSend };

  /// What the user said while the lane did not have its turn.
  struct Waiting {
    Verdict verdict = Verdict::kPass;
    std::uint16_t slot = 0;      ///< but of a frame that is sent
    WaitingFrames::Place frame;  ///< that is sent
  };
  /// A run of wire segments that was passed and may go on, or another frame.
  struct Passing {
    FrameTable::WholeId whole = FrameTable::kNone;
    SegmentRun run;
    std::uint64_t frames = 0;
    std::uint64_t bytes = 0;
  };
  /// One way through the endpoint.
  struct Lane {
    StageOutput* output = nullptr;  ///< while the lane has its turn
    Tally queued;
    std::optional<Passing> passing;
    std::vector<Waiting> waiting;
    WaitingFrames waiting_frames{0};
  };

  /// What of a packet the user sees.
  struct Shown {
    std::span<std::byte> bytes;
    std::span<const std::byte> payload{};
    bool checksum_pending = false;

    [[nodiscard]] std::size_t size() const noexcept { return bytes.size() + payload.size(); }
  };

  [[nodiscard]] Lane& lane(EndpointWay way) noexcept {
    return lanes_[static_cast<std::size_t>(way)];
  }
  void begin_turn(EndpointWay way, std::int64_t now_ns, StageOutput& output) noexcept;
  void end_turn(EndpointWay way) noexcept;
  [[nodiscard]] bool passes_by(const Packet& packet) const noexcept;
  [[nodiscard]] bool changes() const noexcept {
    return stage_.access == TUNRELAY_CHANGES_WIRE_SEGMENTS;
  }
  /// Null where the user takes nothing that comes that way.
  [[nodiscard]] auto taker(EndpointWay way) const noexcept {
    return way == EndpointWay::kToLink ? stage_.from_device : stage_.from_link;
  }
  void count_unseen(EndpointWay way, const Packet& packet) noexcept;

  // Gathering what is given next.
  void take(EndpointWay way, const Packet& packet) noexcept;
  void take_to_look(EndpointWay way, const Packet& packet) noexcept;
  [[nodiscard]] Shown show_segment(EndpointWay way, const Packet& packet, std::uint16_t number,
                                   WireSegmentCopier& copier) noexcept;
  void show_again(EndpointWay way, const Packet& packet, FrameTable::WholeId whole,
                  std::byte* shown) noexcept;
  void take_to_change(EndpointWay way, const Packet& packet) noexcept;
  void gather_all(EndpointWay way, const Packet& packet, const Shown& shown) noexcept;
  void gather(EndpointWay way, const Packet& packet, FrameTable::WholeId whole, SegmentRun run,
              const Shown& shown) noexcept;
  void refuse(EndpointWay way, const Packet& packet) noexcept;
  void give(EndpointWay way) noexcept;

  // What the user says.
  void answer(tunrelay_frame* frame, Verdict verdict) noexcept;
  [[nodiscard]] bool send(EndpointWay way, std::span<const std::byte> bytes) noexcept;

  // Carrying it out, while the lane has its turn.
  void carry_out(Slot& slot, Verdict verdict) noexcept;
  void end(const Slot& slot, Verdict verdict) noexcept;
  void pass_looked_at(const Slot& slot) noexcept;
  void pass_changed(const Slot& slot) noexcept;
  [[nodiscard]] bool send_now(EndpointWay way, std::span<const std::byte> bytes) noexcept;
  void flush_passing(Lane& lane) noexcept;
  [[nodiscard]] Packet part(FrameTable::WholeId whole, SegmentRun run) noexcept;
  [[nodiscard]] std::optional<DropReason> read_layers(EndpointWay way,
                                                      Packet& packet) const noexcept;

  static tunrelay_host make_host(UserEndpoint& endpoint) noexcept;

  const tunrelay_stage_descriptor& stage_;
  EndpointPlace place_;
  const StageSurroundings& surroundings_;
  EndpointCounters& counters_;
  tunrelay_host host_;
  FrameSource source_;
  void* user_ = nullptr;

  EndpointLimits limits_;
  FrameTable table_;
  std::shared_ptr<ShownSegments> shown_ = std::make_shared<ShownSegments>();
  std::shared_ptr<ShownSegments> shown_at_other_end_;
  std::array<tunrelay_frame*, TUNRELAY_MOST_FRAMES> gathered_{};
  std::size_t gathered_count_ = 0;
  std::uint64_t gathered_bytes_ = 0;

  std::array<Lane, kEndpointWays> lanes_;
  std::int64_t now_ns_ = 0;
  std::int64_t deadline_ns_ = Stage::kNoDeadline;
  std::atomic<bool> woken_ = false;  ///< by any thread, since its last turn
};

}  // namespace tunrelay
