// SPDX-License-Identifier: MIT
// The packets of a pcapng file (draft-ietf-opsawg-pcapng), of either byte order, with any number of
// sections and interfaces. What blocks of other kinds say is passed over.
#pragma once

#include <cstdint>
#include <cstdio>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "replay/packet_file.hpp"

namespace tunrelay {

struct CloseFile {
  void operator()(std::FILE* file) const noexcept { std::fclose(file); }
};
using OpenFile = std::unique_ptr<std::FILE, CloseFile>;

class PcapngSource final : public PacketSource {
 public:
  /// Of the type of the block that stands first; no other format begins so.
  static constexpr int kFirstByte = 0x0a;

  /// Errors as PacketFile's.
  PcapngSource(std::string path, OpenFile file, PacketChoice choice);

  [[nodiscard]] LinkType link_type() const noexcept override { return link_type_; }
  [[nodiscard]] std::optional<FilePacket> next() override;

 private:
  struct Interface {
    std::string name;
    std::string description;
    int link_type = 0;
    std::uint32_t snap_bytes = 0;  ///< 0: no limit
    std::uint64_t ticks_per_s = 1'000'000;
    std::int64_t offset_s = 0;
  };
  class Block;

  [[noreturn]] void refuse(const std::string& answer, const std::string& hint = "") const;
  /// False at the end of the file.
  bool read(std::span<std::byte> bytes);
  /// The next block's type; its body stands in body_ then. Nothing at the end.
  std::optional<std::uint32_t> read_block();
  void add_interface(const Block& block);
  /// The packet of a block, when it is one that was chosen.
  std::optional<FilePacket> packet_of(std::uint32_t type, const Block& block);
  [[nodiscard]] bool is_chosen(std::size_t number, std::uint32_t flags) const;
  std::optional<FilePacket> find_next();

  std::string path_;
  OpenFile file_;
  PacketChoice choice_;
  bool swapped_ = false;               ///< the section is of the other byte order
  std::vector<Interface> interfaces_;  ///< of the section
  std::vector<std::byte> body_;
  std::int64_t last_time_ns_ = 0;
  bool has_chosen_interface_ = false;  ///< one that bears the name or number requested
  std::string interface_names_;        ///< of all sections, for who names none of them
  std::optional<LinkType> first_link_type_;
  LinkType link_type_ = LinkType::kIp;
  std::optional<FilePacket> first_;  ///< read ahead, since it says the link type
};

}  // namespace tunrelay
