// SPDX-License-Identifier: MIT
#include "replay/pcapng_source.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <utility>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "capture/capture_blocks.hpp"
#include "capture/pcapng.hpp"

namespace tunrelay {
namespace {

constexpr std::uint32_t kOldPacketBlock = 2;
constexpr std::uint32_t kSimplePacketBlock = 3;
/// A block's type and length, and its length again.
constexpr std::uint32_t kFrameBytes = 12;
/// No sane block is longer; a file with a longer one is not a pcapng.
constexpr std::uint32_t kMaxBlockBytes = 16U << 20U;

std::uint32_t swap_bytes(std::uint32_t value) {
  return __builtin_bswap32(value);
}

std::uint64_t power(std::uint64_t base, unsigned exponent) {
  std::uint64_t value = 1;
  while (exponent-- != 0) value *= base;
  return value;
}

}  // namespace

/// A block's body, read field by field.
class PcapngSource::Block {
 public:
  explicit Block(const PcapngSource& source) : source_(source), bytes_(source.body_) {}

  template <typename Value>
  [[nodiscard]] Value number(std::size_t at) const {
    return number_in<Value>(part(at, sizeof(Value)));
  }
  [[nodiscard]] std::span<const std::byte> part(std::size_t at, std::size_t bytes) const {
    if (at > bytes_.size() || bytes > bytes_.size() - at)
      source_.refuse("a block is shorter than what should stand in it");
    return bytes_.subspan(at, bytes);
  }
  [[nodiscard]] std::size_t size() const noexcept { return bytes_.size(); }

  /// Gives VISIT the code and the value of each option from AT on.
  template <typename Visit>
  void for_each_option(std::size_t at, const Visit& visit) const {
    while (at + 4 <= bytes_.size()) {
      const auto code = number<std::uint16_t>(at);
      const auto length = number<std::uint16_t>(at + 2);
      if (code == 0) return;
      visit(code, part(at + 4, length));
      at += 4 + padded(length);
    }
  }
  template <typename Value>
  [[nodiscard]] Value number_in(std::span<const std::byte> bytes) const {
    Value value{};
    if (bytes.size() < sizeof value) source_.refuse("an option is too short");
    std::array<std::byte, sizeof value> raw;
    std::copy_n(bytes.begin(), raw.size(), raw.begin());
    if (source_.swapped_) std::reverse(raw.begin(), raw.end());
    std::memcpy(&value, raw.data(), raw.size());
    return value;
  }
  static std::size_t padded(std::size_t bytes) { return (bytes + 3) / 4 * 4; }

 private:
  const PcapngSource& source_;
  std::span<const std::byte> bytes_;
};

PcapngSource::PcapngSource(std::string path, OpenFile file, PacketChoice choice)
    : path_(std::move(path)), file_(std::move(file)), choice_(std::move(choice)) {
  first_ = find_next();
  if (!first_ && !choice_.interface.empty() && !has_chosen_interface_)
    refuse("it has no interface " + choice_.interface, "it has " + interface_names_);
}

std::optional<FilePacket> PcapngSource::next() {
  return first_ ? std::exchange(first_, std::nullopt) : find_next();
}

void PcapngSource::refuse(const std::string& answer, const std::string& hint) const {
  throw_usage_error("read the packets of", path_, answer, hint);
}

bool PcapngSource::read(std::span<std::byte> bytes) {
  const std::size_t got = std::fread(bytes.data(), 1, bytes.size(), file_.get());
  if (got == 0 && std::feof(file_.get()) != 0) return false;
  if (got != bytes.size()) refuse("it ends within a block", "it was broken off: make it again");
  return true;
}

std::optional<std::uint32_t> PcapngSource::read_block() {
  std::array<std::uint32_t, 2> begin{};
  if (!read(std::as_writable_bytes(std::span(begin)))) return std::nullopt;
  auto [type, length] = begin;
  // The type of a section header is the same in both byte orders, and what follows says which.
  std::uint32_t magic = 0;
  const bool is_section = type == kSectionBlock;
  if (is_section) {
    if (!read(std::as_writable_bytes(std::span(&magic, 1)))) refuse("it ends within a block");
    swapped_ = magic == swap_bytes(kByteOrderMagic);
    if (!swapped_ && magic != kByteOrderMagic) refuse("its byte order is none");
    interfaces_.clear();
  }
  if (swapped_) {
    type = swap_bytes(type);
    length = swap_bytes(length);
  }
  const std::uint32_t read_already = kFrameBytes - 4 + (is_section ? 4U : 0U);
  if (length % 4 != 0 || length < read_already + 4 || length > kMaxBlockBytes)
    refuse(fmt::format("a block of {} bytes can't be", length));
  body_.resize(length - read_already);
  if (!read(body_)) refuse("it ends within a block", "it was broken off: make it again");
  body_.resize(body_.size() - 4);  // the length again
  return type;
}

void PcapngSource::add_interface(const Block& block) {
  constexpr std::uint16_t kName = 2;
  constexpr std::uint16_t kDescription = 3;
  constexpr std::uint16_t kTimeResolution = 9;
  constexpr std::uint16_t kTimeOffset = 14;
  Interface interface;
  interface.link_type = block.number<std::uint16_t>(0);
  interface.snap_bytes = block.number<std::uint32_t>(4);
  block.for_each_option(8, [&](std::uint16_t code, std::span<const std::byte> value) {
    const std::string text(reinterpret_cast<const char*>(value.data()), value.size());
    if (code == kName) interface.name = text;
    if (code == kDescription) interface.description = text;
    if (code == kTimeOffset) interface.offset_s = block.number_in<std::int64_t>(value);
    if (code != kTimeResolution || value.empty()) return;
    const auto resolution = std::to_integer<unsigned>(value.front());
    constexpr unsigned kPowerOfTwo = 0x80;
    const unsigned exponent = resolution & ~kPowerOfTwo;
    const bool is_binary = (resolution & kPowerOfTwo) != 0;
    if (exponent > (is_binary ? 63U : 19U)) refuse("its times are of no known resolution");
    interface.ticks_per_s = power(is_binary ? 2 : 10, exponent);
  });
  const std::string number = std::to_string(interfaces_.size());
  if (interface.name.empty()) interface.name = number;
  if (choice_.interface == interface.name || choice_.interface == number)
    has_chosen_interface_ = true;
  interface_names_ += (interface_names_.empty() ? "" : ", ") + interface.name;
  interfaces_.push_back(std::move(interface));
}

bool PcapngSource::is_chosen(std::size_t number, std::uint32_t flags) const {
  const Interface& interface = interfaces_[number];
  constexpr std::uint32_t kDirectionBits = 3;
  bool is_ours = false;
  for (const std::size_t device : {0U, 1U}) {
    if (interface.description != capture_description(device)) continue;
    is_ours = true;
    if (choice_.interface.empty() && device != choice_.device) return false;
  }
  // In a capture of ours a packet that leaves has come in before.
  if (is_ours && (flags & kDirectionBits) == PcapngFlags::kOutbound) return false;
  return choice_.interface.empty() || choice_.interface == interface.name ||
         choice_.interface == std::to_string(number);
}

std::optional<FilePacket> PcapngSource::packet_of(std::uint32_t type, const Block& block) {
  constexpr std::uint16_t kFlags = 2;
  // Where the fields stand: interface, time, kept and original length, the packet.
  std::size_t number = 0;
  std::size_t packet_at = 20;
  std::uint32_t flags = 0;
  FilePacket packet;
  std::size_t kept_bytes = 0;
  if (type == kSimplePacketBlock) {
    packet_at = 4;
    packet.original_bytes = block.number<std::uint32_t>(0);
  } else {
    number = type == kPacketBlock ? block.number<std::uint32_t>(0) : block.number<std::uint16_t>(0);
    kept_bytes = block.number<std::uint32_t>(12);
    packet.original_bytes = block.number<std::uint32_t>(16);
    block.for_each_option(packet_at + Block::padded(kept_bytes),
                          [&](std::uint16_t code, std::span<const std::byte> value) {
                            if (code == kFlags) flags = block.number_in<std::uint32_t>(value);
                          });
  }
  if (number >= interfaces_.size()) refuse("a packet is of an interface that is not described");
  if (!is_chosen(number, flags)) return std::nullopt;
  const Interface& interface = interfaces_[number];
  if (type == kSimplePacketBlock) {
    kept_bytes = packet.original_bytes;
    if (interface.snap_bytes != 0)
      kept_bytes = std::min<std::size_t>(kept_bytes, interface.snap_bytes);
  } else {
    const std::uint64_t ticks =
        std::uint64_t{block.number<std::uint32_t>(4)} << 32U | block.number<std::uint32_t>(8);
    __extension__ using Wide = __int128;
    const Wide time_ns = Wide{interface.offset_s} * kNanosecondsPerSecond +
                         Wide{ticks} * kNanosecondsPerSecond / interface.ticks_per_s;
    if (time_ns < std::numeric_limits<std::int64_t>::min() ||
        time_ns > std::numeric_limits<std::int64_t>::max())
      refuse("a packet's time is more than 292 years away from 1970");
    last_time_ns_ = static_cast<std::int64_t>(time_ns);
  }
  packet.time_ns = last_time_ns_;  // a simple packet has none of its own
  packet.bytes = block.part(packet_at, kept_bytes);
  const LinkType link_type = known_link_type(interface.link_type, path_);
  if (first_link_type_.value_or(link_type) != link_type)
    refuse("its interfaces are of different link types: " + interface_names_,
           "choose one with --interface NAME");
  first_link_type_ = link_type_ = link_type;
  return packet;
}

std::optional<FilePacket> PcapngSource::find_next() {
  while (const auto type = read_block()) {
    const Block block(*this);
    if (*type == kInterfaceBlock) {
      add_interface(block);
    } else if (*type == kPacketBlock || *type == kSimplePacketBlock || *type == kOldPacketBlock) {
      if (const auto packet = packet_of(*type, block)) return packet;
    }
  }
  return std::nullopt;
}

}  // namespace tunrelay
