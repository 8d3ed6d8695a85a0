// SPDX-License-Identifier: MIT
#include "stage/packet_filter.hpp"

#include <pcap/pcap.h>

#include <cstring>
#include <utility>

#include "base/ensure.hpp"
#include "base/error.hpp"
#include "base/units.hpp"
#include "packet/segment_run.hpp"

namespace tunrelay {
namespace {

// As long as a frame can be: an offset behind it matches nothing.
constexpr int kSnapBytes = 262144;
// What a filter can see of a wire segment of a super-packet: headers and the payload's first part.
constexpr std::size_t kGlimpseBytes = 2048;
// libpcap's time grows by far more than an expression's length: 15 KiB of `udp port N or` take over
// a minute, this much a tenth of a second.
constexpr std::size_t kMaxExpressionBytes = 2048;
constexpr std::size_t kShownBytes = 50;

}  // namespace

struct PacketFilter::Program {
  bpf_program code{};
  std::array<std::byte, kGlimpseBytes> glimpse;

  Program() = default;
  ~Program() { ::pcap_freecode(&code); }
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;
};

PacketFilter::PacketFilter(const std::string& expression, LinkType type)
    : program_(std::make_unique<Program>()) {
  constexpr const char* kAttempt = "read the filter";
  if (expression.size() > kMaxExpressionBytes)
    throw_usage_error(kAttempt, "'" + expression.substr(0, kShownBytes) + "...'",
                      "it has over " + format_bytes(kMaxExpressionBytes),
                      "write it shorter, such as portrange 1-99 or net 10.0.0.0/8");
  const std::unique_ptr<pcap_t, decltype(&::pcap_close)> handle(
      ::pcap_open_dead(type == LinkType::kIp ? DLT_RAW : DLT_EN10MB, kSnapBytes), &::pcap_close);
  ensure(handle != nullptr, "libpcap opens no device here");
  constexpr int kOptimize = 1;
  if (::pcap_compile(handle.get(), &program_->code, expression.c_str(), kOptimize,
                     PCAP_NETMASK_UNKNOWN) != 0)
    throw_usage_error(kAttempt, "'" + expression + "'", ::pcap_geterr(handle.get()),
                      "write it as for tcpdump, see pcap-filter(7)");
}

PacketFilter::~PacketFilter() = default;
PacketFilter::PacketFilter(PacketFilter&&) noexcept = default;
PacketFilter& PacketFilter::operator=(PacketFilter&&) noexcept = default;

bool PacketFilter::matches(const Packet& packet) noexcept {
  const auto matches = [this](const std::byte* bytes, std::size_t wire_bytes,
                              std::size_t seen_bytes) {
    return ::bpf_filter(program_->code.bf_insns, reinterpret_cast<const u_char*>(bytes),
                        static_cast<u_int>(wire_bytes), static_cast<u_int>(seen_bytes)) != 0;
  };
  if (packet.segments() == 1) return matches(packet.frame, packet.frame_bytes, packet.frame_bytes);
  // The super-packet's length fields are not those of its segments.
  Packet segment = packet;
  segment.run.last = static_cast<std::uint16_t>(packet.run.first + 1);
  HeaderSlot slot;
  std::array<iovec, kMaxRunPieces> pieces;
  const std::size_t count = build_run(segment, slot, pieces);
  std::size_t wire_bytes = 0;
  std::size_t seen_bytes = 0;
  for (std::size_t at = 0; at < count; ++at) {
    // A device's header stands first.
    const std::size_t skip = at == 0 ? kVirtioNetHeaderBytes : 0;
    const std::size_t bytes = pieces[at].iov_len - skip;
    const std::size_t copied = std::min(bytes, kGlimpseBytes - seen_bytes);
    std::memcpy(program_->glimpse.data() + seen_bytes,
                static_cast<const std::byte*>(pieces[at].iov_base) + skip, copied);
    wire_bytes += bytes;
    seen_bytes += copied;
  }
  return matches(program_->glimpse.data(), wire_bytes, seen_bytes);
}

}  // namespace tunrelay
