// SPDX-License-Identifier: MIT
#include "stage/mtu.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "base/clock.hpp"
#include "base/ensure.hpp"
#include "packet/fragment.hpp"
#include "packet/too_big.hpp"
#include "packet/wire_segment.hpp"

namespace tunrelay {
namespace {

constexpr std::int64_t kPermitNs = kNanosecondsPerMillisecond;
constexpr std::int64_t kPermitsAtOnce = 50;
constexpr std::size_t kMaxLinkHeaderBytes =
    ethernet::kHeaderBytes + kMaxVlanTags * ethernet::kVlanTagBytes;

}  // namespace

Mtu::Mtu(const MtuConfig& config, std::shared_ptr<ReturnPath> back) : mtu_bytes_(config.mtu_bytes) {
  if (!config.answers) return;
  ensure(back != nullptr, "a stage that answers has a way back");
  back_ = std::move(back);
  segment_.resize(kMaxLinkHeaderBytes + kMaxIpBytes);
  fragment_.resize(kMaxLinkHeaderBytes + mtu_bytes_);
}

void Mtu::process(std::span<const Packet> packets, std::int64_t now_ns,
                  StageOutput& output) noexcept {
  for (const Packet& packet : packets) {
    const auto last = static_cast<std::uint16_t>(packet.run.last - 1);
    const bool first_fits = fits(packet, packet.run.first);
    // All segments but the last have the size of the first.
    if (fits(packet, last) == first_fits) {
      hand_on(packet, first_fits, now_ns, output);
      continue;
    }
    Packet rest = packet;
    const Packet front = split_front(rest, rest.run.count() - 1U, output);
    hand_on(front, first_fits, now_ns, output);
    hand_on(rest, !first_fits, now_ns, output);
  }
}

/// What is not an IP packet has no such size, and passes.
bool Mtu::fits(const Packet& packet, std::uint32_t segment) const noexcept {
  return packet.layers.ip_version == 0 ||
         wire_segment_bytes(packet, segment) - packet.layers.ip_offset <= mtu_bytes_;
}

void Mtu::hand_on(const Packet& packet, bool fits, std::int64_t now_ns,
                  StageOutput& output) noexcept {
  if (fits) return output.pass(packet);
  if (back_ && may_fragment(packet.bytes(), packet.layers)) return fragment(packet, output);
  if (back_) answer(packet, now_ns);
  output.drop(packet, DropReason::kTooBig);
}

void Mtu::answer(const Packet& packet, std::int64_t now_ns) noexcept {
  // What decides stands in the headers, which are alike in all segments.
  if (!may_answer_too_big(packet.bytes(), packet.layers)) return;
  std::array<std::byte, kMaxTooBigBytes> too_big;
  for (std::uint16_t segment = packet.run.first; segment < packet.run.last; ++segment) {
    if (!take_permit(now_ns)) return;
    const std::size_t bytes = copy_wire_segment(packet, segment, segment_);
    back_->send(std::span(too_big).first(
        make_too_big(std::span(segment_).first(bytes), packet.layers, mtu_bytes_, too_big)));
  }
}

void Mtu::fragment(Packet packet, StageOutput& output) noexcept {
  while (packet.run.count() != 0) {
    const Packet segment = split_front(packet, 1, output);
    const std::size_t bytes = copy_wire_segment(segment, segment.run.first, segment_);
    const std::span<const std::byte> frame(segment_.data(), bytes);
    // Fragments whose packet can't be whole any more are as lost as those of a full queue.
    pass_fragments(segment, frame, output) ? output.consume(segment)
                                           : output.drop(segment, DropReason::kQueueMemoryFull);
  }
}

bool Mtu::pass_fragments(const Packet& segment, std::span<const std::byte> frame,
                         StageOutput& output) noexcept {
  Fragmenter fragmenter(frame, segment.layers, mtu_bytes_);
  while (!fragmenter.at_end()) {
    const std::size_t fragment_bytes = fragmenter.next(fragment_);
    auto fragment = add_frame(std::span(fragment_).first(fragment_bytes), segment, output);
    if (!fragment) return false;
    fragment->layers = segment.layers;
    fragment->layers.transport_offset = 0;  // a fragment has no transport header
    fragment->layers.payload_offset = 0;
    output.pass(*fragment);
  }
  return true;
}

bool Mtu::take_permit(std::int64_t now_ns) noexcept {
  const std::int64_t from_ns = std::max(permits_used_until_ns_, now_ns);
  if (from_ns - now_ns > (kPermitsAtOnce - 1) * kPermitNs) return false;
  permits_used_until_ns_ = from_ns + kPermitNs;
  return true;
}

}  // namespace tunrelay
