// SPDX-License-Identifier: MIT
// How frames go through a user's endpoint: from packets to what the user is shown, and from what
// the user says back to packets.
#include "packet/wire_segment.hpp"
#include "plugin/user_endpoint.hpp"
#include "stage/own_frame.hpp"

namespace tunrelay {

void UserEndpoint::take(EndpointWay way, const Packet& packet) noexcept {
  if (stage_.access == TUNRELAY_CHANGES_WIRE_SEGMENTS) return take_to_change(way, packet);
  const bool as_it_is = stage_.access == TUNRELAY_LOOKS_AT_SUPER_PACKETS
                            ? packet.is_whole()
                            : stage_.access == TUNRELAY_LOOKS_AT_WIRE_SEGMENTS &&
                                  packet.segments() == 1 && !packet.header.needs_checksum();
  // A mark is not in the buffer, which others share.
  if (as_it_is && !packet.traffic_class.any())
    return gather(way, packet, FrameTable::kNone,
                  {{packet.frame, packet.frame_bytes}, {}, packet.header.needs_checksum()});
  take_to_look(way, packet);
}

void UserEndpoint::take_to_look(EndpointWay way, const Packet& packet) noexcept {
  const std::uint32_t whole =
      packet.run.count() == 1 ? FrameTable::kNone : table_.begin_whole(packet.run.count());
  if (packet.run.count() != 1 && whole == FrameTable::kNone) {
    flush_passing(lane(way));
    return lane(way).output->drop(packet, DropReason::kQueueMemoryFull);
  }
  Packet segment = packet;
  Shown shown;  // the one before
  for (std::uint16_t number = packet.run.first; number < packet.run.last; ++number) {
    segment.run = {number, static_cast<std::uint16_t>(number + 1)};
    shown = show_segment(way, packet, number, shown);
    gather(way, segment, whole, shown);
  }
}

UserEndpoint::Shown UserEndpoint::show_segment(EndpointWay way, const Packet& packet,
                                               std::uint16_t number, const Shown& before) noexcept {
  const bool is_header = stage_.access == TUNRELAY_LOOKS_AT_WIRE_HEADERS;
  const std::size_t bytes =
      is_header ? wire_header_bytes(packet) : wire_segment_bytes(packet, number);
  if (shown_bytes_ + bytes > kShownBytes) give(way);
  const std::span<std::byte> copy{shown_.get() + shown_bytes_, bytes};
  shown_bytes_ += bytes;
  if (is_header)
    return {copy, copy_wire_headers(packet, number, copy, before.bytes),
            packet.header.needs_checksum()};
  copy_wire_segment(packet, number, copy);
  return {copy, {}, false};
}

void UserEndpoint::take_to_change(EndpointWay way, Packet packet) noexcept {
  StageOutput& output = *lane(way).output;
  while (packet.run.count() != 0) {
    Packet segment = split_front(packet, 1, output);
    if (make_own_frame(segment, output))
      gather(way, segment, FrameTable::kNone, {{segment.frame, segment.frame_bytes}, {}, false});
    else
      output.drop(segment, DropReason::kQueueMemoryFull);
  }
}

void UserEndpoint::gather(EndpointWay way, const Packet& packet, std::uint32_t whole,
                          const Shown& shown) noexcept {
  EndpointCounters::Way& counters = counters_.ways[static_cast<std::size_t>(way)];
  Slot* slot = table_.take();
  if (slot == nullptr) {
    Lane& target = lane(way);
    flush_passing(target);
    part(packet, whole, *target.output);
    return target.output->drop(packet, DropReason::kQueueMemoryFull);
  }
  const bool is_own = stage_.access == TUNRELAY_CHANGES_WIRE_SEGMENTS;
  slot->frame = {.bytes = reinterpret_cast<std::uint8_t*>(shown.bytes.data()),
                 .length = static_cast<std::uint32_t>(shown.bytes.size()),
                 .capacity = is_own ? kMaxFrameBytes : 0,
                 .segments = packet.run.count(),
                 .flags = shown.checksum_pending ? TUNRELAY_CHECKSUM_PENDING : 0U,
                 .arrival_ns = packet.arrival_ns,
                 .id = packet.id,
                 .payload = reinterpret_cast<const std::uint8_t*>(shown.payload.data()),
                 .payload_length = static_cast<std::uint32_t>(shown.payload.size())};
  slot->packet = packet;
  slot->whole = whole;
  slot->way = way;
  slot->in_hand = true;
  lane(way).queued += tally_of(packet);
  counters.taken.add(1);
  counters.taken_bytes.add(shown.bytes.size() + shown.payload.size());
  gathered_[gathered_count_++] = &slot->frame;
  if (gathered_count_ == gathered_.size()) give(way);
}

void UserEndpoint::give(EndpointWay way) noexcept {
  if (gathered_count_ != 0) {
    const auto take = way == EndpointWay::kToLink ? stage_.from_device : stage_.from_link;
    take(user_, gathered_.data(), gathered_count_, now_ns_);
    deadline_ns_ = stage_.next_deadline_ns(user_);
  }
  gathered_count_ = 0;
  shown_bytes_ = 0;
}

void UserEndpoint::carry_out(Slot& slot, Verdict verdict) noexcept {
  Lane& turn = lane(slot.way);
  EndpointCounters::Way& counters = counters_.ways[static_cast<std::size_t>(slot.way)];
  turn.queued -= tally_of(slot.packet);
  if (verdict == Verdict::kPass) {
    stage_.access == TUNRELAY_CHANGES_WIRE_SEGMENTS ? pass_changed(slot) : pass_segment(slot);
  } else {
    flush_passing(turn);
    part(slot.packet, slot.whole, *turn.output);
    if (verdict == Verdict::kDrop) {
      counters.dropped.add(1);
      turn.output->drop(slot.packet, DropReason::kStage);
    } else {
      counters.finished.add(1);
      turn.output->consume(slot.packet);
    }
  }
  table_.give_back(slot);
}

void UserEndpoint::pass_segment(Slot& slot) noexcept {
  Lane& turn = lane(slot.way);
  EndpointCounters::Way& counters = counters_.ways[static_cast<std::size_t>(slot.way)];
  counters.passed.add(1);
  counters.passed_bytes.add(slot.frame.length + slot.frame.payload_length);
  if (turn.passing && slot.whole != FrameTable::kNone && turn.passing->whole == slot.whole &&
      turn.passing->packet.run.last == slot.packet.run.first) {
    turn.passing->packet.run.last = slot.packet.run.last;
    return;
  }
  flush_passing(turn);
  turn.passing = Passing{slot.packet, slot.whole};
}

void UserEndpoint::pass_changed(Slot& slot) noexcept {
  StageOutput& output = *lane(slot.way).output;
  EndpointCounters::Way& counters = counters_.ways[static_cast<std::size_t>(slot.way)];
  const std::uint32_t length = slot.frame.length;
  if (length == 0 || length > kMaxFrameBytes) {
    counters_.misuses.add(1);
    counters.dropped.add(1);
    counters_.dropped.add("a length that can't be", 1);
    return output.drop(slot.packet, DropReason::kStage);
  }
  Packet changed = slot.packet;
  changed.frame_bytes = length;
  const std::optional<DropReason> fault = read_layers(slot.way, changed);
  if (length != slot.packet.frame_bytes) {
    // The buffer stays; what counts is a frame of another length.
    output.copy(changed);
    output.consume(slot.packet);
  }
  if (fault) {
    counters.dropped.add(1);
    counters_.dropped.add(to_string(*fault), 1);
    return output.drop(changed, *fault);
  }
  counters.passed.add(1);
  counters.passed_bytes.add(length);
  output.pass(changed);
}

bool UserEndpoint::send_now(EndpointWay way, std::span<const std::byte> bytes) noexcept {
  Lane& turn = lane(way);
  EndpointCounters::Way& counters = counters_.ways[static_cast<std::size_t>(way)];
  std::optional<Packet> packet = source_.make(bytes, now_ns_, *turn.output);
  if (!packet) return false;
  flush_passing(turn);
  if (const auto fault = read_layers(way, *packet)) {  // the MTU is smaller than when it was sent
    turn.output->drop(*packet, *fault);
    return true;
  }
  counters.sent.add(1);
  counters.passed_bytes.add(bytes.size());
  turn.output->pass(*packet);
  return true;
}

void UserEndpoint::flush_passing(Lane& turn) noexcept {
  if (!turn.passing) return;
  part(turn.passing->packet, turn.passing->whole, *turn.output);
  turn.output->pass(turn.passing->packet);
  turn.passing.reset();
}

void UserEndpoint::part(const Packet& packet, std::uint32_t whole, StageOutput& output) noexcept {
  if (whole != FrameTable::kNone && table_.part_whole(whole, packet.run.count()))
    output.share(packet);
}

std::optional<DropReason> UserEndpoint::read_layers(EndpointWay way,
                                                    Packet& packet) const noexcept {
  packet.header = {};
  packet.run = {};
  packet.layers = {};
  if (place_.is_opaque[static_cast<std::size_t>(way)]) return std::nullopt;
  return parse(packet,
               {surroundings_.link_type, surroundings_.mtu_bytes.load(std::memory_order_relaxed)});
}

}  // namespace tunrelay
