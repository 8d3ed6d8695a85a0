// SPDX-License-Identifier: MIT
#include "flow/quic_analysis.hpp"

#include "packet/wire_format.hpp"

namespace tunrelay {
namespace {

// RFC 8999, section 5.1, and RFC 9000, section 17.
constexpr std::uint8_t kForms = 0xc0;
constexpr std::uint8_t kLongForm = 0xc0;   ///< with the fixed bit
constexpr std::uint8_t kShortForm = 0x40;  ///< likewise
constexpr std::uint8_t kSpinBit = 0x20;
constexpr std::size_t kLongHeaderBytes = 7;  ///< at least: form, version, two lengths of IDs
constexpr std::size_t kMaxConnectionIdBytes = 20;

constexpr std::uint32_t kVersion1 = 1;           ///< RFC 9000
constexpr std::uint32_t kVersion2 = 0x6b3343cf;  ///< RFC 9369
constexpr std::uint32_t kDrafts = 0xff000000;    ///< the draft's number in the last byte

/// 0: not a long header of a version that is known.
std::uint32_t version_of(std::span<const std::byte> payload) noexcept {
  if (payload.size() < kLongHeaderBytes || (load_u8(payload.data()) & kForms) != kLongForm)
    return 0;
  if (load_u8(&payload[5]) > kMaxConnectionIdBytes) return 0;
  const std::uint32_t version = load_u32(&payload[1]);
  const bool is_known =
      version == kVersion1 || version == kVersion2 || (version & 0xffffff00U) == kDrafts;
  return is_known ? version : 0;
}

}  // namespace

void QuicAnalysis::arrived(std::span<const std::byte> payload, Direction direction,
                           std::int64_t now_ns, FlowCounters& counters) noexcept {
  if (const std::uint32_t version = version_of(payload); version != 0)
    counters.quic_version.set(version);
  if (counters.quic_version.get() == 0) return;
  take_spin(payload, now_ns, as_read_[index_of(direction)],
            counters.directions[index_of(direction)].rtt_at_source);
}

void QuicAnalysis::left(std::span<const std::byte> payload, Direction direction,
                        std::int64_t now_ns, FlowCounters& counters) noexcept {
  if (counters.quic_version.get() == 0) return;
  take_spin(payload, now_ns, as_written_[index_of(direction)],
            counters.directions[index_of(direction)].rtt_at_target);
}

void QuicAnalysis::take_spin(std::span<const std::byte> payload, std::int64_t now_ns, Spin& spin,
                             RttSeries& series) noexcept {
  if (payload.empty() || (load_u8(payload.data()) & kForms) != kShortForm) return;
  const bool value = (load_u8(payload.data()) & kSpinBit) != 0;
  if (!spin.is_known) {
    spin = {.is_known = true, .value = value, .edge_ns = 0};
    return;
  }
  if (value == spin.value) return;
  spin.value = value;
  if (spin.edge_ns != 0) {
    const std::int64_t rtt_ns = now_ns - spin.edge_ns;
    // Packets that changed places near an edge make two more, close to each other (RFC 9312,
    // section 3.8.2).
    constexpr double kCloseEdges = 0.25;
    if (static_cast<double>(rtt_ns) < kCloseEdges * series.summary.mean_ns()) return;
    series.record(rtt_ns, 1);
  }
  spin.edge_ns = now_ns;
}

}  // namespace tunrelay
