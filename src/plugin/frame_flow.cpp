// SPDX-License-Identifier: MIT
// How frames go through a user's endpoint: from packets to what the user is shown, and from what
// the user says back to packets.
#include "plugin/user_endpoint.hpp"
#include "stage/own_frame.hpp"

namespace tunrelay {
namespace {

SegmentRun segment_alone(std::uint16_t number) noexcept {
  return {number, static_cast<std::uint16_t>(number + 1)};
}

}  // namespace

void UserEndpoint::take(EndpointWay way, const Packet& packet) noexcept {
  if (changes()) return take_to_change(way, packet);
  lane(way).queued += tally_of(packet);
  const bool as_it_is = stage_.access == TUNRELAY_LOOKS_AT_SUPER_PACKETS
                            ? packet.is_whole()
                            : stage_.access == TUNRELAY_LOOKS_AT_WIRE_SEGMENTS &&
                                  packet.segments() == 1 && !packet.header.needs_checksum();
  // A mark is not in the buffer, which others share.
  if (as_it_is && !packet.traffic_class.any())
    return gather_all(way, packet,
                      {{packet.frame, packet.frame_bytes}, {}, packet.header.needs_checksum()});
  take_to_look(way, packet);
}

/// PACKET as if it had been shown, and passed.
void UserEndpoint::count_unseen(EndpointWay way, const Packet& packet) noexcept {
  const bool is_one = stage_.access == TUNRELAY_LOOKS_AT_SUPER_PACKETS && packet.is_whole();
  const Tally tally = tally_of(packet);
  const std::uint64_t frames = is_one ? 1 : tally.segments;
  // The tally has the headers of the first segment alone, which is the packet's own.
  const std::uint64_t bytes = tally.bytes + (frames - tally.packets) * wire_header_bytes(packet);
  EndpointCounters::Way& counters = counters_.ways[static_cast<std::size_t>(way)];
  counters.taken.add(frames);
  counters.taken_bytes.add(bytes);
  counters.passed.add(frames);
  counters.passed_bytes.add(bytes);
}

void UserEndpoint::take_to_look(EndpointWay way, const Packet& packet) noexcept {
  const FrameTable::WholeId whole = table_.begin_whole(packet, way);
  if (whole == FrameTable::kNone) return refuse(way, packet);
  const bool may_share = stage_.access == TUNRELAY_LOOKS_AT_WIRE_SEGMENTS && packet.header.is_gso();
  if (may_share && way == EndpointWay::kToDevice && shown_at_other_end_)
    if (std::byte* shown = shown_at_other_end_->find(packet))
      return show_again(way, packet, whole, shown);
  WireSegmentCopier copier(packet);
  std::byte* first = nullptr;
  std::byte* end = nullptr;
  bool is_one_piece = true;
  for (std::uint16_t number = packet.run.first; number < packet.run.last; ++number) {
    const Shown shown = show_segment(way, packet, number, copier);
    if (first == nullptr) end = first = shown.bytes.data();
    is_one_piece = is_one_piece && shown.bytes.data() == end;
    end = shown.bytes.data() + shown.bytes.size();
    gather(way, packet, whole, segment_alone(number), shown);
  }
  if (may_share && way == EndpointWay::kToLink && is_one_piece) shown_->note(packet, first);
}

void UserEndpoint::show_again(EndpointWay way, const Packet& packet, FrameTable::WholeId whole,
                              std::byte* shown) noexcept {
  for (std::uint16_t number = packet.run.first; number < packet.run.last; ++number) {
    const std::span<std::byte> bytes{shown, wire_segment_bytes(packet, number)};
    shown += bytes.size();
    gather(way, packet, whole, segment_alone(number), {bytes, {}, false});
  }
}

UserEndpoint::Shown UserEndpoint::show_segment(EndpointWay way, const Packet& packet,
                                               std::uint16_t number,
                                               WireSegmentCopier& copier) noexcept {
  const bool is_header = stage_.access == TUNRELAY_LOOKS_AT_WIRE_HEADERS;
  const std::size_t bytes =
      is_header ? wire_header_bytes(packet) : wire_segment_bytes(packet, number);
  if (!shown_->has_room(bytes)) {
    give(way);
    shown_->clear();
  }
  const std::span<std::byte> copy = shown_->take(bytes);
  if (is_header) return {copy, copier.copy_headers(number, copy), packet.header.needs_checksum()};
  copier.copy(number, copy);
  return {copy, {}, false};
}

void UserEndpoint::take_to_change(EndpointWay way, const Packet& packet) noexcept {
  StageOutput& output = *lane(way).output;
  WireSegmentCopier copier(packet);
  Packet rest = packet;
  while (rest.run.count() != 0) {
    Packet segment = split_front(rest, 1, output);
    if (!make_own_frame(segment, copier, output)) {
      output.drop(segment, DropReason::kQueueMemoryFull);
      continue;
    }
    lane(way).queued += tally_of(segment);
    gather_all(way, segment, {{segment.frame, segment.frame_bytes}, {}, false});
  }
}

void UserEndpoint::refuse(EndpointWay way, const Packet& packet) noexcept {
  Lane& turn = lane(way);
  flush_passing(turn);
  turn.queued -= tally_of(packet);
  turn.output->drop(packet, DropReason::kQueueMemoryFull);
}

void UserEndpoint::gather_all(EndpointWay way, const Packet& packet, const Shown& shown) noexcept {
  const FrameTable::WholeId whole = table_.begin_whole(packet, way);
  if (whole == FrameTable::kNone) return refuse(way, packet);
  gather(way, packet, whole, packet.run, shown);
}

/// SHOWN is what the user sees of RUN of PACKET, which is WHOLE.
void UserEndpoint::gather(EndpointWay way, const Packet& packet, FrameTable::WholeId whole,
                          SegmentRun run, const Shown& shown) noexcept {
  Slot* slot = table_.take(whole, run);
  if (slot == nullptr) return refuse(way, part(whole, run));
  slot->frame = {.bytes = reinterpret_cast<std::uint8_t*>(shown.bytes.data()),
                 .length = static_cast<std::uint32_t>(shown.bytes.size()),
                 .capacity = changes() ? kMaxFrameBytes : 0,
                 .segments = run.count(),
                 .flags = shown.checksum_pending ? TUNRELAY_CHECKSUM_PENDING : 0U,
                 .arrival_ns = packet.arrival_ns,
                 .id = packet.id,
                 .payload = reinterpret_cast<const std::uint8_t*>(shown.payload.data()),
                 .payload_length = static_cast<std::uint32_t>(shown.payload.size())};
  gathered_[gathered_count_++] = &slot->frame;
  gathered_bytes_ += shown.size();
  if (gathered_count_ == gathered_.size()) give(way);
}

void UserEndpoint::give(EndpointWay way) noexcept {
  if (gathered_count_ != 0) {
    EndpointCounters::Way& counters = counters_.ways[static_cast<std::size_t>(way)];
    counters.taken.add(gathered_count_);
    counters.taken_bytes.add(gathered_bytes_);
    if (const auto take = taker(way)) {
      take(user_, gathered_.data(), gathered_count_, now_ns_);
      deadline_ns_ = stage_.next_deadline_ns(user_);
    } else {
      for (tunrelay_frame* frame : std::span(gathered_).first(gathered_count_))
        answer(frame, Verdict::kPass);
    }
  }
  gathered_count_ = 0;
  gathered_bytes_ = 0;
}

void UserEndpoint::carry_out(Slot& slot, Verdict verdict) noexcept {
  if (verdict != Verdict::kPass)
    end(slot, verdict);
  else if (changes())
    pass_changed(slot);
  else
    pass_looked_at(slot);
  table_.give_back(slot);
}

void UserEndpoint::end(const Slot& slot, Verdict verdict) noexcept {
  Lane& turn = lane(slot.way);
  EndpointCounters::Way& counters = counters_.ways[static_cast<std::size_t>(slot.way)];
  flush_passing(turn);
  const Packet packet = part(slot.whole, slot.run);
  turn.queued -= tally_of(packet);
  if (verdict == Verdict::kDrop) {
    counters.dropped.add(1);
    turn.output->drop(packet, DropReason::kStage);
  } else {
    counters.finished.add(1);
    turn.output->consume(packet);
  }
}

/// What is done for each segment is little: the rest, when its run ends (flush_passing()).
void UserEndpoint::pass_looked_at(const Slot& slot) noexcept {
  Lane& turn = lane(slot.way);
  const std::uint64_t bytes = std::uint64_t{slot.frame.length} + slot.frame.payload_length;
  if (turn.passing && turn.passing->whole == slot.whole &&
      turn.passing->run.last == slot.run.first) {
    turn.passing->run.last = slot.run.last;
    ++turn.passing->frames;
    turn.passing->bytes += bytes;
    return;
  }
  flush_passing(turn);
  turn.passing = Passing{slot.whole, slot.run, 1, bytes};
}

void UserEndpoint::pass_changed(const Slot& slot) noexcept {
  Lane& turn = lane(slot.way);
  StageOutput& output = *turn.output;
  EndpointCounters::Way& counters = counters_.ways[static_cast<std::size_t>(slot.way)];
  const Packet packet = part(slot.whole, slot.run);
  turn.queued -= tally_of(packet);
  const std::uint32_t length = slot.frame.length;
  if (length == 0 || length > kMaxFrameBytes) {
    counters_.misuses.add(1);
    counters.dropped.add(1);
    counters_.dropped.add("a length that can't be", 1);
    return output.drop(packet, DropReason::kStage);
  }
  Packet changed = packet;
  changed.frame_bytes = length;
  const std::optional<DropReason> fault = read_layers(slot.way, changed);
  if (length != packet.frame_bytes) {
    // The buffer stays; what counts is a frame of another length.
    output.copy(changed);
    output.consume(packet);
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
  const Passing passing = *std::exchange(turn.passing, std::nullopt);
  EndpointCounters::Way& counters =
      counters_.ways[static_cast<std::size_t>(table_.way_of(passing.whole))];
  counters.passed.add(passing.frames);
  counters.passed_bytes.add(passing.bytes);
  const Packet packet = part(passing.whole, passing.run);
  turn.queued -= tally_of(packet);
  turn.output->pass(packet);
}

/// RUN of WHOLE goes its own way: it has a share of the buffer where others are left.
Packet UserEndpoint::part(FrameTable::WholeId whole, SegmentRun run) noexcept {
  const Packet packet = table_.part_of(whole, run);
  if (table_.part_whole(whole, run.count())) lane(table_.way_of(whole)).output->share(packet);
  return packet;
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
