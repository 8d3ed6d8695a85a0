// SPDX-License-Identifier: MIT
// Reads a pcapng file plainly, block by block, by draft-ietf-opsawg-pcapng; throws at the first
// thing that is wrong in it.
#pragma once

#include <cstdint>
#include <cstring>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

namespace tunrelay::test {

struct PcapngBlockRead {
  std::uint32_t type = 0;
  std::string body;                              ///< the fixed fields, without options
  std::string data;                              ///< of a packet
  std::map<std::uint16_t, std::string> options;  ///< by code

  template <typename Value>
  [[nodiscard]] static Value number(const std::string& bytes, std::size_t at = 0) {
    Value value{};
    if (at + sizeof value > bytes.size()) throw std::runtime_error("a field is too short");
    std::memcpy(&value, bytes.data() + at, sizeof value);
    return value;
  }
  template <typename Value>
  [[nodiscard]] Value field(std::size_t at) const {
    return number<Value>(body, at);
  }
  template <typename Value>
  [[nodiscard]] Value option(std::uint16_t code) const {
    return number<Value>(options.at(code));
  }
  /// Two fields of 32 bits, the high one first.
  [[nodiscard]] std::uint64_t halves(std::size_t at) const {
    return std::uint64_t{field<std::uint32_t>(at)} << 32 | field<std::uint32_t>(at + 4);
  }
};

inline constexpr std::uint32_t kSectionType = 0x0a0d0d0a;
inline constexpr std::uint32_t kInterfaceType = 1;
inline constexpr std::uint32_t kStatisticsType = 5;
inline constexpr std::uint32_t kPacketType = 6;

namespace naive_pcapng {

inline void demand(bool holds, const char* what) {
  if (!holds) throw std::runtime_error(std::string("pcapng: ") + what);
}

inline std::size_t padded(std::size_t bytes) {
  return (bytes + 3) / 4 * 4;
}

inline void read_options(const std::string& bytes, std::size_t at, PcapngBlockRead& block) {
  while (at != bytes.size()) {
    const auto code = PcapngBlockRead::number<std::uint16_t>(bytes, at);
    const auto length = PcapngBlockRead::number<std::uint16_t>(bytes, at + 2);
    at += 4;
    if (code == 0) {
      demand(length == 0 && at == bytes.size(), "opt_endofopt ends the options");
      return;
    }
    demand(at + padded(length) <= bytes.size(), "an option lies in its block");
    demand(block.options.emplace(code, bytes.substr(at, length)).second, "an option stands once");
    at += padded(length);
  }
}

}  // namespace naive_pcapng

/// The blocks of a file with one section, written on a machine of this byte order.
inline std::vector<PcapngBlockRead> read_pcapng(const std::string& file) {
  using naive_pcapng::demand;
  std::vector<PcapngBlockRead> blocks;
  for (std::size_t at = 0; at != file.size();) {
    demand(file.size() - at >= 12, "a block has 12 bytes");
    PcapngBlockRead block;
    block.type = PcapngBlockRead::number<std::uint32_t>(file, at);
    const auto length = PcapngBlockRead::number<std::uint32_t>(file, at + 4);
    demand(length % 4 == 0 && length >= 12 && at + length <= file.size(), "a block's length");
    demand(PcapngBlockRead::number<std::uint32_t>(file, at + length - 4) == length,
           "the length stands at the end too");
    const std::string bytes = file.substr(at + 8, length - 12);
    at += length;
    demand((block.type == kSectionType) == blocks.empty(), "one section header stands first");
    std::size_t fixed = 0;
    switch (block.type) {
      case kSectionType:
        fixed = 16;
        demand(PcapngBlockRead::number<std::uint32_t>(bytes) == 0x1a2b3c4d, "the magic number");
        break;
      case kInterfaceType:
        fixed = 8;
        break;
      case kStatisticsType:
        fixed = 12;
        break;
      case kPacketType:
        fixed = 20;
        break;
      default:
        demand(false, "a block of a known type");
    }
    demand(bytes.size() >= fixed, "a block's fixed fields");
    block.body = bytes.substr(0, fixed);
    std::size_t options = fixed;
    if (block.type == kPacketType) {
      const auto captured = block.field<std::uint32_t>(12);
      demand(fixed + naive_pcapng::padded(captured) <= bytes.size(), "a packet lies in its block");
      block.data = bytes.substr(fixed, captured);
      options += naive_pcapng::padded(captured);
    }
    naive_pcapng::read_options(bytes, options, block);
    blocks.push_back(std::move(block));
  }
  return blocks;
}

}  // namespace tunrelay::test
