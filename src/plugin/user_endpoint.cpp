// SPDX-License-Identifier: MIT
#include "plugin/user_endpoint.hpp"

#include <fmt/format.h>

#include "base/error.hpp"
#include "base/path_nonce.hpp"

namespace tunrelay {
namespace {

constexpr std::size_t kErrorBytes = 512;

}  // namespace

UserEndpoint::UserEndpoint(const StageLibrary& library, const EndpointPlace& place,
                           const StageSurroundings& surroundings, EndpointCounters& counters,
                           const EndpointLimits& limits)
    : stage_(library.descriptor()),
      place_(place),
      surroundings_(surroundings),
      counters_(counters),
      host_(make_host(*this)),
      source_({.is_link = false, .stage = place.stage, .queue = place.queue, .end = place.end}),
      limits_(limits),
      table_(limits.frames_in_hand) {
  for (Lane& lane : lanes_) {
    lane.waiting.reserve(limits_.frames_in_hand + limits_.waiting_frames);
    lane.waiting_frames = WaitingFrames(limits_.waiting_bytes);
  }
  std::vector<tunrelay_option> options;
  for (const auto& [key, value] : library.request().options)
    options.push_back({key.c_str(), value.c_str()});
  const tunrelay_site site{.end = place_.end,
                           .queue = place_.queue,
                           .queues = surroundings_.queues,
                           .is_ethernet = surroundings_.link_type == LinkType::kEthernet ? 1U : 0U,
                           .mtu_bytes = surroundings_.mtu_bytes.load(),
                           .context = library.request().context};
  std::array<char, kErrorBytes> error{};
  user_ = stage_.create(&host_, &site, options.data(), options.size(), error.data(), error.size());
  error.back() = '\0';
  if (user_ == nullptr)
    throw_usage_error("make an endpoint of the stage",
                      fmt::format("{} ({})", library.request().library, stage_.name),
                      error.front() == '\0' ? "it gives no reason" : error.data());
}

UserEndpoint::~UserEndpoint() {
  stage_.destroy(user_);
}

void UserEndpoint::process(EndpointWay way, std::span<const Packet> packets, std::int64_t now_ns,
                           StageOutput& output) noexcept {
  begin_turn(way, now_ns, output);
  const bool is_shown = taker(way) != nullptr || changes();
  for (const Packet& packet : packets) {
    const bool is_by = passes_by(packet);
    if (is_shown && !is_by) {
      take(way, packet);
      continue;
    }
    give(way);  // the order stays
    flush_passing(lane(way));
    if (!is_by) count_unseen(way, packet);
    output.pass(packet);
  }
  give(way);
  end_turn(way);
}

void UserEndpoint::release(EndpointWay way, std::int64_t now_ns, StageOutput& output) noexcept {
  begin_turn(way, now_ns, output);
  // Taken back before the call: what wakes from then on is for the next.
  if (way == EndpointWay::kToLink &&
      (woken_.exchange(false, std::memory_order_acq_rel) || deadline_ns_ <= now_ns)) {
    stage_.at_deadline(user_, now_ns);
    deadline_ns_ = stage_.next_deadline_ns(user_);
  }
  end_turn(way);
}

std::int64_t UserEndpoint::next_deadline_ns(EndpointWay way) const noexcept {
  if (!lanes_[static_cast<std::size_t>(way)].waiting.empty()) return 0;
  if (way == EndpointWay::kToLink && woken_.load(std::memory_order_acquire)) return 0;
  return way == EndpointWay::kToLink ? deadline_ns_ : Stage::kNoDeadline;
}

void UserEndpoint::begin_turn(EndpointWay way, std::int64_t now_ns, StageOutput& output) noexcept {
  Lane& turn = lane(way);
  turn.output = &output;
  now_ns_ = now_ns;
  shown_->clear();
  for (const Waiting& waiting : turn.waiting) {
    if (waiting.verdict != Verdict::kSend)
      carry_out(table_.at(waiting.slot), waiting.verdict);
    else if (!send_now(way, turn.waiting_frames.bytes(waiting.frame)))
      counters_.ways[static_cast<std::size_t>(way)].refused.add(1);
  }
  turn.waiting.clear();
  turn.waiting_frames.clear();
}

void UserEndpoint::end_turn(EndpointWay way) noexcept {
  flush_passing(lane(way));
  lane(way).output = nullptr;
}

bool UserEndpoint::passes_by(const Packet& packet) const noexcept {
  if (packet.arrival_ns < surroundings_.begun_ns.load(std::memory_order_relaxed)) return true;
  return is_path_probe(packet.payload());
}

tunrelay_host UserEndpoint::make_host(UserEndpoint& endpoint) noexcept {
  return {
      .context = &endpoint,
      .pass =
          [](void* context, tunrelay_frame* frame) {
            static_cast<UserEndpoint*>(context)->answer(frame, Verdict::kPass);
          },
      .drop =
          [](void* context, tunrelay_frame* frame, const char* reason) {
            auto& self = *static_cast<UserEndpoint*>(context);
            if (self.table_.find(frame) != nullptr)
              self.counters_.dropped.add(reason == nullptr ? "no reason" : reason, 1);
            self.answer(frame, Verdict::kDrop);
          },
      .finish =
          [](void* context, tunrelay_frame* frame) {
            static_cast<UserEndpoint*>(context)->answer(frame, Verdict::kFinish);
          },
      .send = [](void* context, std::uint32_t towards, const std::uint8_t* bytes,
                 std::uint32_t length) -> int {
        auto& self = *static_cast<UserEndpoint*>(context);
        if (towards > TUNRELAY_TO_DEVICE || bytes == nullptr) {
          self.counters_.misuses.add(1);
          return 0;
        }
        const auto way =
            towards == TUNRELAY_TO_LINK ? EndpointWay::kToLink : EndpointWay::kToDevice;
        const bool sent = self.send(way, std::as_bytes(std::span(bytes, length)));
        if (!sent) self.counters_.ways[static_cast<std::size_t>(way)].refused.add(1);
        return sent ? 1 : 0;
      },
      .count =
          [](void* context, const char* name, std::uint64_t amount) {
            if (name != nullptr)
              static_cast<UserEndpoint*>(context)->counters_.counted.add(name, amount);
          },
      .wake =
          [](void* context) {
            auto& self = *static_cast<UserEndpoint*>(context);
            // One signal is enough until the endpoint has had its turn.
            if (!self.woken_.exchange(true, std::memory_order_acq_rel))
              self.surroundings_.waker.wake(self.place_.queue);
          },
  };
}

void UserEndpoint::answer(tunrelay_frame* frame, Verdict verdict) noexcept {
  Slot* slot = table_.find(frame);
  if (slot == nullptr) return counters_.misuses.add(1);
  slot->is_in_hand = false;
  Lane& target = lane(slot->way);
  if (target.output != nullptr)
    carry_out(*slot, verdict);
  else
    target.waiting.push_back({verdict, table_.index_of(*slot), {}});
}

bool UserEndpoint::send(EndpointWay way, std::span<const std::byte> bytes) noexcept {
  if (bytes.empty() || bytes.size() > kMaxFrameBytes) return false;
  // It is only read; a Packet has no view that says so.
  Packet packet;
  packet.frame = const_cast<std::byte*>(bytes.data());
  packet.frame_bytes = static_cast<std::uint32_t>(bytes.size());
  if (read_layers(way, packet)) return false;
  Lane& target = lane(way);
  if (target.output != nullptr) return send_now(way, bytes);
  // Answers to all frames in hand still find room.
  if (target.waiting.size() >= limits_.waiting_frames) return false;
  const auto frame = target.waiting_frames.put(bytes);
  if (!frame) return false;
  target.waiting.push_back({Verdict::kSend, 0, *frame});
  return true;
}

}  // namespace tunrelay
