// SPDX-License-Identifier: MIT
#include "support/flow_script.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "packet/wire_format.hpp"
#include "support/random_packet.hpp"

namespace tunrelay::test {
namespace {

void put_u32(Bytes& bytes, std::uint32_t value) {
  for (int shift = 24; shift >= 0; shift -= 8)
    bytes.push_back(static_cast<std::byte>(value >> static_cast<unsigned>(shift)));
}

}  // namespace

FlowScript::FlowScript(std::uint32_t initial_sequence) : initial_sequence_(initial_sequence) {
  table_.begin();
  shake_hands();
}

std::string FlowScript::play(std::span<const std::uint8_t> script) {
  for (const std::uint8_t choice : script) {
    now_ns_ += 1000 + choice * 17;
    step(choice);
    if (std::string found = differences(); !found.empty()) return found;
  }
  return "";
}

void FlowScript::step(std::uint8_t choice) {
  const std::uint8_t detail = choice >> 3U;
  switch (choice & 7U) {
    case 0:
    case 1:
      if (under_way_.size() < kMaxUnderWay && naive_.at_source.sent.size() < 4000 &&
          next_ - naive_.at_source.acknowledged < kMaxUnderWay * kSegmentBytes)
        send(next_, 1U + detail % 5U);
      break;
    case 2:
    case 3:
      if (!under_way_.empty()) deliver(0, false);
      break;
    case 4:
      if (!under_way_.empty()) deliver(detail % under_way_.size(), detail > 24);
      break;
    case 5:
      if (!under_way_.empty()) lose(detail % under_way_.size(), detail % 5U);
      break;
    case 6:
      acknowledge();
      break;
    default:
      send_again(detail);
      break;
  }
}

OwnedPacket FlowScript::packet_of(bool is_forth, std::uint64_t offset, std::uint64_t payload_bytes,
                                  std::uint8_t flags) const {
  PacketSpec spec;
  if (!is_forth) {
    std::swap(spec.source_host, spec.destination_host);
    std::swap(spec.source_port, spec.destination_port);
  }
  spec.tcp_flags = flags;
  spec.sequence = is_forth ? initial_sequence_ + static_cast<std::uint32_t>(offset) : 77;
  spec.acknowledgement =
      is_forth ? 78 : initial_sequence_ + static_cast<std::uint32_t>(acknowledged_);
  if (!is_forth && (flags & tcp::kSyn) == 0) spec.sequence = 78;
  if (!is_forth && !delivered_.empty() && *delivered_.rbegin() >= acknowledged_) {
    const auto first = delivered_.lower_bound(acknowledged_);
    for (const int byte : {1, 1, 5, 10}) spec.tcp_options.push_back(static_cast<std::byte>(byte));
    put_u32(spec.tcp_options, initial_sequence_ + static_cast<std::uint32_t>(*first));
    put_u32(spec.tcp_options, initial_sequence_ + static_cast<std::uint32_t>(*first + 1));
  }
  spec.payload = counting_bytes(payload_bytes);
  if (payload_bytes > kSegmentBytes) spec.gso_size = static_cast<std::uint16_t>(kSegmentBytes);
  return OwnedPacket{build_frame(spec), {LinkType::kIp, kAnyMtu}};
}

void FlowScript::shake_hands() {
  const OwnedPacket syn = packet_of(true, 0, 0, tcp::kSyn);
  table_.arrived(syn.packet, Direction::kAToB, now_ns_);
  table_.left(syn.packet, Direction::kAToB, now_ns_);
  naive_.read({0, 1, 1}, now_ns_);
  naive_.written({0, 1, 1}, now_ns_);
  segments_read_ = segments_written_ = 1;
  acknowledged_ = next_ = 1;
  now_ns_ += 5000;
  const OwnedPacket answer = packet_of(false, 0, 0, tcp::kSyn | tcp::kAck);
  table_.arrived(answer.packet, Direction::kBToA, now_ns_);
  table_.left(answer.packet, Direction::kBToA, now_ns_);
  naive_.ack_read(1, false, now_ns_);
  naive_.ack_written(1, false, now_ns_);
}

void FlowScript::send(std::uint64_t begin, std::uint64_t segments) {
  const std::uint64_t end = begin + segments * kSegmentBytes;
  auto packet = std::make_shared<OwnedPacket>(packet_of(true, begin, end - begin, tcp::kAck));
  table_.arrived(packet->packet, Direction::kAToB, now_ns_);
  naive_.read({begin, end, kSegmentBytes}, now_ns_);
  segments_read_ += segments;
  next_ = std::max(next_, end);
  under_way_.push_back({packet, packet->packet.run, begin});
}

void FlowScript::send_again(std::uint8_t choice) {
  if (times_sent_again_ == kMaxSentAgain || under_way_.size() == kMaxUnderWay || next_ == 1) return;
  ++times_sent_again_;
  const std::uint64_t sent = (next_ - 1) / kSegmentBytes;
  const std::uint64_t acknowledged = (naive_.at_source.acknowledged - 1) / kSegmentBytes;
  // Mostly what is not acknowledged, sometimes what is; sometimes with new data after it.
  const std::uint64_t first = choice % 4 == 0 ? sent - std::min<std::uint64_t>(sent, 1 + choice / 4)
                                              : std::min(acknowledged, sent - 1);
  send(1 + first * kSegmentBytes, 1U + choice % 2U);
}

void FlowScript::deliver(std::size_t place, bool stays) {
  const UnderWay one = under_way_[place];
  if (!stays) under_way_.erase(under_way_.begin() + static_cast<std::ptrdiff_t>(place));
  Packet packet = one.packet->packet;
  packet.run = one.run;
  table_.left(packet, Direction::kAToB, now_ns_);
  const std::uint64_t begin = one.begin + one.run.first * kSegmentBytes;
  const std::uint64_t end = one.begin + one.run.last * kSegmentBytes;
  naive_.written({begin, end, kSegmentBytes}, now_ns_);
  segments_written_ += one.run.count();
  for (std::uint64_t number = begin; number < end; ++number) delivered_.insert(number);
}

void FlowScript::lose(std::size_t place, std::uint16_t segment) {
  UnderWay& one = under_way_[place];
  Packet lost = one.packet->packet;
  const auto at =
      static_cast<std::uint16_t>(std::min<int>(one.run.first + segment, one.run.last - 1));
  const SegmentRun front{one.run.first, at};
  lost.run = {at, static_cast<std::uint16_t>(at + 1)};
  table_.dropped(lost, Direction::kAToB);
  ++segments_lost_;
  const SegmentRun back{lost.run.last, one.run.last};
  const UnderWay rest{one.packet, back, one.begin};
  one.run = front;
  if (front.count() != 0)
    deliver(place, false);
  else
    under_way_.erase(under_way_.begin() + static_cast<std::ptrdiff_t>(place));
  if (back.count() != 0)
    under_way_.insert(under_way_.begin() + static_cast<std::ptrdiff_t>(place), rest);
}

void FlowScript::acknowledge() {
  while (delivered_.contains(acknowledged_)) delivered_.erase(acknowledged_++);
  const OwnedPacket answer = packet_of(false, 0, 0, tcp::kAck);
  const bool has_sack = answer.packet.layers.payload_offset > 40;
  table_.arrived(answer.packet, Direction::kBToA, now_ns_);
  naive_.ack_read(acknowledged_, has_sack, now_ns_);
  now_ns_ += 3000;
  table_.left(answer.packet, Direction::kBToA, now_ns_);
  naive_.ack_written(acknowledged_, has_sack, now_ns_);
}

std::string FlowScript::differences() const {
  FlowSnapshot snapshot;
  table_.add_to(snapshot, 2);
  if (snapshot.top.size() != 1 || snapshot.seen != 1) return "not one flow";
  const FlowCounters& counters = snapshot.top[0].counters;
  const FlowDirectionCounters& forth = counters.directions[0];
  const TcpCounters& tcp = forth.tcp;
  std::string text;
  const auto compare = [&text](const char* what, std::uint64_t found, std::uint64_t expected) {
    if (found != expected) text += fmt::format("{}: {}, naive {}\n", what, found, expected);
  };
  compare("read", forth.read.tally.get().segments, segments_read_);
  compare("written", forth.written.tally.get().segments, segments_written_);
  compare("dropped", forth.dropped.get().segments, segments_lost_);
  compare("retransmitted", tcp.retransmitted_segments.get(), naive_.retransmitted_segments);
  compare("retransmitted bytes", tcp.retransmitted_bytes.get(), naive_.retransmitted_bytes);
  compare("spurious", tcp.spurious_segments.get(), naive_.spurious_segments);
  compare("out of order", tcp.out_of_order_segments.get(), naive_.out_of_order_segments);
  compare("duplicates", tcp.duplicate_segments.get(), naive_.duplicate_segments);
  compare("duplicate ACKs", counters.directions[1].tcp.duplicate_acks.get(), naive_.duplicate_acks);
  compare("in flight", tcp.bytes_in_flight_peak.get(), naive_.in_flight_peak);
  compare("acknowledged", tcp.acknowledged_bytes.get(), naive_.at_source.acknowledged - 1);
  for (const auto& [name, series, view] :
       {std::tuple{"source", &forth.rtt_at_source, &naive_.at_source},
        std::tuple{"target", &forth.rtt_at_target, &naive_.at_target}}) {
    compare(name, series->summary.count.get(), view->rtt_count);
    compare(name, series->summary.sum_ns.get(), static_cast<std::uint64_t>(view->rtt_sum_ns));
  }
  compare("unclassified", tcp.unclassified_segments.get(), 0);
  return text;
}

}  // namespace tunrelay::test
