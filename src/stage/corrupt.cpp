// SPDX-License-Identifier: MIT
#include "stage/corrupt.hpp"

#include <netinet/in.h>

#include "packet/checksum.hpp"
#include "packet/layers.hpp"
#include "packet/wire_format.hpp"
#include "stage/own_frame.hpp"

namespace tunrelay {
namespace {

// Beside the choice of the segments (hit_sequence.cpp).
constexpr std::uint8_t kPlacePurpose = 1;
// As many random numbers as one draw gives; more bits are drawn from the streams behind.
constexpr std::uint32_t kPlacesOfDraw = 4;

/// The 16-bit word of a checksum that the byte AT belongs to, counted from FIRST; END is where what
/// is summed ends.
std::uint16_t summed_word(const std::byte* first, std::size_t at, std::size_t end) noexcept {
  const std::size_t word = at & ~std::size_t{1};
  const unsigned high = load_u8(first + word);
  const unsigned low = word + 1 < end ? load_u8(first + word + 1) : 0U;
  return static_cast<std::uint16_t>(high << 8 | low);
}

/// Flips a bit of the payload and corrects the TCP or UDP checksum: a wrong one stays as wrong.
void flip_validly(Packet& segment, std::size_t byte, std::byte bit) noexcept {
  std::byte* transport = segment.frame + segment.layers.transport_offset;
  const std::size_t at = segment.layers.payload_offset - segment.layers.transport_offset + byte;
  const std::size_t end =
      ip_end_offset(segment.bytes(), segment.layers) - segment.layers.transport_offset;
  const std::uint16_t before = summed_word(transport, at, end);
  transport[at] ^= bit;
  const bool is_udp = segment.layers.protocol == IPPROTO_UDP;
  std::byte* field = transport + (is_udp ? udp::kChecksum : tcp::kChecksum);
  if (is_udp && load_u16(field) == 0) return;  // it has none
  const std::uint16_t valid =
      update_checksum(load_u16(field), before, summed_word(transport, at, end));
  store_u16(field, valid == 0 && is_udp ? std::uint16_t{0xffff} : valid);
}

}  // namespace

Corrupt::Corrupt(const CorruptConfig& config, const ImpairmentKey& key,
                 std::shared_ptr<SegmentNumbers> numbers)
    : config_(config),
      places_(key, kPlacePurpose),
      cutter_(make_chance_hits(config.probability, config.correlation, key), std::move(numbers)) {}

void Corrupt::process(std::span<const Packet> packets, std::int64_t /*now_ns*/,
                      StageOutput& output) noexcept {
  cutter_.cut(
      packets, output, [&](const Packet& run, std::uint64_t) { output.pass(run); },
      [&](Packet segment, std::uint64_t number) {
        if (!make_own_frame(segment, output))
          return output.drop(segment, DropReason::kQueueMemoryFull);
        flip_bits(segment, number);
        output.pass(segment);
      });
}

void Corrupt::flip_bits(Packet& segment, std::uint64_t number) const noexcept {
  const Layers& layers = segment.layers;
  const std::size_t payload_bytes =
      layers.payload_offset == 0
          ? 0
          : ip_end_offset(segment.bytes(), layers) - std::size_t{layers.payload_offset};
  const bool keeps_valid = config_.keep_checksum_valid && payload_bytes != 0;
  const auto bits =
      static_cast<std::uint32_t>(8 * (keeps_valid ? payload_bytes : segment.frame_bytes));
  for (std::uint32_t flipped = 0; flipped < config_.bits; ++flipped) {
    // A segment number takes 56 bits at most; the draws beyond the first stand above them.
    const std::uint64_t draw = number | std::uint64_t{flipped / kPlacesOfDraw} << 56;
    const std::uint64_t place = scale_random(places_.at(draw)[flipped % kPlacesOfDraw], bits);
    const auto bit = static_cast<std::byte>(1U << place % 8);
    if (keeps_valid)
      flip_validly(segment, place / 8, bit);
    else
      segment.frame[place / 8] ^= bit;
  }
  // The headers may say anything now: the packet leaves alone and in its place, as it is.
  if (!keeps_valid) segment.layers.payload_offset = 0;
}

}  // namespace tunrelay
