// SPDX-License-Identifier: MIT
#include "capture/pcapng.hpp"

#include <cstring>
#include <type_traits>

namespace tunrelay {
namespace {

constexpr std::uint32_t kStatisticsBlock = 5;
// www.tcpdump.org/linktypes.html
constexpr std::uint16_t kLinkTypeEthernet = 1;
constexpr std::uint16_t kLinkTypeRawIp = 101;
constexpr std::byte kTcpdumpFilter{0};
constexpr std::byte kNanoseconds{9};  // 10^-9 s

constexpr std::size_t padding_of(std::size_t bytes) {
  return (4 - bytes % 4) % 4;
}

/// One block: its type and length, what is put into it, its options, its length again.
class PcapngBlock {
 public:
  PcapngBlock(PcapngBytes& out, std::uint32_t type) : out_(out), start_(out.size()) {
    put(type);
    put(std::uint32_t{0});
  }

  template <typename Value>
  void put(Value value) {
    const auto* bytes = reinterpret_cast<const std::byte*>(&value);
    out_.insert(out_.end(), bytes, bytes + sizeof value);
  }
  void put_padded(std::span<const std::byte> bytes) {
    out_.insert(out_.end(), bytes.begin(), bytes.end());
    out_.resize(out_.size() + padding_of(bytes.size()));
  }
  /// The high half first, as times and statistics of the format are.
  void put_halves(std::uint64_t value) {
    put(static_cast<std::uint32_t>(value >> 32));
    put(static_cast<std::uint32_t>(value));
  }

  template <typename Value>
  void number(std::uint16_t code, Value value) {
    static_assert(std::is_integral_v<Value> || std::is_same_v<Value, std::byte>);
    put(code);
    put(static_cast<std::uint16_t>(sizeof value));
    put(value);
    out_.resize(out_.size() + padding_of(sizeof value));
  }
  void text(std::uint16_t code, std::string_view value) {
    if (value.empty()) return;
    value = value.substr(0, UINT16_MAX);
    put(code);
    put(static_cast<std::uint16_t>(value.size()));
    put_padded(std::as_bytes(std::span(value)));
  }
  void number_in_halves(std::uint16_t code, std::uint64_t value) {
    put(code);
    put(std::uint16_t{8});
    put_halves(value);
  }

  void end() {
    constexpr std::uint32_t kEndOfOptions = 0;
    put(kEndOfOptions);
    const auto length = static_cast<std::uint32_t>(out_.size() - start_ + sizeof(std::uint32_t));
    put(length);
    std::memcpy(out_.data() + start_ + sizeof(std::uint32_t), &length, sizeof length);
  }

 private:
  PcapngBytes& out_;
  std::size_t start_;
};

}  // namespace

void append_block(PcapngBytes& out, const PcapngSection& section) {
  constexpr std::uint16_t kOs = 3;
  constexpr std::uint16_t kUserApplication = 4;
  constexpr std::uint64_t kLengthUnknown = UINT64_MAX;
  PcapngBlock block(out, kSectionBlock);
  block.put(kByteOrderMagic);
  block.put(std::uint16_t{1});  // version 1.0
  block.put(std::uint16_t{0});
  block.put(kLengthUnknown);
  block.text(kOs, section.operating_system);
  block.text(kUserApplication, section.application);
  block.end();
}

void append_block(PcapngBytes& out, const PcapngInterface& interface) {
  constexpr std::uint16_t kName = 2;
  constexpr std::uint16_t kDescription = 3;
  constexpr std::uint16_t kTimeResolution = 9;
  constexpr std::uint16_t kFilter = 11;
  PcapngBlock block(out, kInterfaceBlock);
  block.put(interface.link_type == LinkType::kIp ? kLinkTypeRawIp : kLinkTypeEthernet);
  block.put(std::uint16_t{0});
  block.put(interface.snap_bytes);
  block.text(kName, interface.name);
  block.text(kDescription, interface.description);
  block.number(kTimeResolution, kNanoseconds);
  if (!interface.filter.empty())
    block.text(kFilter, static_cast<char>(kTcpdumpFilter) + interface.filter);
  block.end();
}

void append_block(PcapngBytes& out, const PcapngPacket& packet) {
  constexpr std::uint16_t kComment = 1;
  constexpr std::uint16_t kFlags = 2;
  constexpr std::uint16_t kDropCount = 4;
  constexpr std::uint16_t kPacketId = 5;
  constexpr std::uint16_t kQueue = 6;
  PcapngBlock block(out, kPacketBlock);
  block.put(packet.interface);
  block.put_halves(static_cast<std::uint64_t>(packet.time_ns));
  block.put(static_cast<std::uint32_t>(packet.bytes.size()));
  block.put(packet.original_bytes);
  block.put_padded(packet.bytes);
  block.text(kComment, packet.comment);
  block.number(kFlags, packet.flags);
  if (packet.dropped_before != 0) block.number(kDropCount, packet.dropped_before);
  block.number(kPacketId, packet.id);
  block.number(kQueue, packet.queue);
  block.end();
}

void append_block(PcapngBytes& out, const PcapngStatistics& statistics) {
  constexpr std::uint16_t kStartTime = 2;
  constexpr std::uint16_t kEndTime = 3;
  constexpr std::uint16_t kReceived = 4;
  constexpr std::uint16_t kDropped = 5;
  constexpr std::uint16_t kAccepted = 6;
  constexpr std::uint16_t kDelivered = 8;
  PcapngBlock block(out, kStatisticsBlock);
  block.put(statistics.interface);
  block.put_halves(static_cast<std::uint64_t>(statistics.time_ns));
  block.number_in_halves(kStartTime, static_cast<std::uint64_t>(statistics.begin_ns));
  block.number_in_halves(kEndTime, static_cast<std::uint64_t>(statistics.time_ns));
  block.number(kReceived, statistics.received);
  block.number(kDropped, statistics.dropped);
  block.number(kAccepted, statistics.accepted);
  block.number(kDelivered, statistics.delivered);
  block.end();
}

PcapngCut cut_blocks(std::span<const std::byte> blocks, std::size_t most_bytes) {
  PcapngCut cut;
  for (std::size_t at = 0; at < blocks.size();) {
    // Type and length, and of a packet then its interface.
    std::array<std::uint32_t, 3> begin{};
    std::memcpy(begin.data(), blocks.data() + at, sizeof begin);
    at += begin[1];
    if (at <= most_bytes)
      cut.kept_bytes = at;
    else if (begin[0] == kPacketBlock)
      ++cut.packets_lost.at(begin[2]);
  }
  return cut;
}

}  // namespace tunrelay
