// SPDX-License-Identifier: MIT
// Files of packets as other programs and we write them: both byte orders, several interfaces and
// sections, all kinds of packet block, and what is broken.
#include "replay/packet_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "capture/capture_blocks.hpp"
#include "support/naive_packet.hpp"
#include "support/temporary_folder.hpp"
#include "support/thrown_error.hpp"

namespace tunrelay::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// A pcapng file written field by field, in either byte order.
class FileWriter {
 public:
  explicit FileWriter(bool swapped = false) : swapped_(swapped) { section(); }

  void section() {
    begin(0x0a0d0d0a);
    put<std::uint32_t>(0x1a2b3c4d);
    put<std::uint16_t>(1);
    put<std::uint16_t>(0);
    put<std::uint64_t>(UINT64_MAX);
    end();
  }
  void interface(std::uint16_t link_type, const std::string& name,
                 const std::string& description = "", int resolution = -1,
                 std::int64_t offset_s = 0) {
    begin(1);
    put(link_type);
    put<std::uint16_t>(0);
    put<std::uint32_t>(12);
    if (!name.empty()) option(2, name);
    if (!description.empty()) option(3, description);
    if (resolution >= 0) option(9, std::string(1, static_cast<char>(resolution)));
    if (offset_s != 0) {
      put<std::uint16_t>(14);
      put<std::uint16_t>(8);
      put(offset_s);
    }
    end();
  }
  void packet(std::uint32_t interface, std::uint64_t ticks, const std::string& bytes,
              std::uint32_t flags = 0) {
    begin(6);
    put(interface);
    times_and_packet(ticks, bytes);
    option(1, "a comment");
    if (flags != 0) {
      put<std::uint16_t>(2);
      put<std::uint16_t>(4);
      put(flags);
    }
    put<std::uint32_t>(0);
    end();
  }
  void old_packet(std::uint16_t interface, std::uint64_t ticks, const std::string& bytes) {
    begin(2);
    put(interface);
    put<std::uint16_t>(0);
    times_and_packet(ticks, bytes);
    end();
  }
  void simple_packet(const std::string& bytes) {
    begin(3);
    put(static_cast<std::uint32_t>(bytes.size()));
    put_padded(bytes.substr(0, 12));
    end();
  }
  void unknown_block() {
    begin(0x0bad);
    put<std::uint32_t>(7);
    end();
  }

  [[nodiscard]] const std::string& bytes() const noexcept { return file_; }

 private:
  template <typename Value>
  void put(Value value) {
    std::string raw(reinterpret_cast<const char*>(&value), sizeof value);
    if (swapped_) std::reverse(raw.begin(), raw.end());
    file_ += raw;
  }
  void put_padded(const std::string& bytes) {
    file_ += bytes + std::string((4 - bytes.size() % 4) % 4, '\0');
  }
  void option(std::uint16_t code, const std::string& text) {
    put(code);
    put(static_cast<std::uint16_t>(text.size()));
    put_padded(text);
  }
  void times_and_packet(std::uint64_t ticks, const std::string& bytes) {
    put(static_cast<std::uint32_t>(ticks >> 32U));
    put(static_cast<std::uint32_t>(ticks));
    put(static_cast<std::uint32_t>(bytes.size()));
    put(static_cast<std::uint32_t>(bytes.size()));
    put_padded(bytes);
  }
  void begin(std::uint32_t type) {
    start_ = file_.size();
    put(type);
    put<std::uint32_t>(0);
  }
  void end() {
    const auto length = static_cast<std::uint32_t>(file_.size() - start_ + 4);
    put(length);
    file_.replace(start_ + 4, 4, file_.substr(file_.size() - 4));
  }

  bool swapped_;
  std::string file_;
  std::size_t start_ = 0;
};

class PacketFileTest : public ::testing::Test {
 protected:
  std::vector<std::string> packets_of(const std::string& bytes, const PacketChoice& choice = {}) {
    times_ns_.clear();
    PacketFile file(folder_.write("in", bytes), choice);
    link_type_ = file.link_type();
    std::vector<std::string> packets;
    while (const auto packet = file.next()) {
      packets.emplace_back(reinterpret_cast<const char*>(packet->bytes.data()),
                           packet->bytes.size());
      times_ns_.push_back(packet->time_ns);
    }
    return packets;
  }
  std::string refusal_of(const std::string& bytes, const PacketChoice& choice = {}) {
    return thrown_error([&] { packets_of(bytes, choice); }).what();
  }

  TemporaryFolder folder_;
  std::vector<std::int64_t> times_ns_;
  LinkType link_type_ = LinkType::kIp;
};

TEST_F(PacketFileTest, BothByteOrdersAndAllKindsOfPacket) {
  for (const bool swapped : {false, true}) {
    FileWriter file(swapped);
    file.interface(1, "eth0");
    file.interface(1, "eth1", "", 9, 5);
    file.interface(1, "eth2", "", 0x8a);  // 2^-10 s
    file.unknown_block();
    file.packet(0, 3, "first");
    file.packet(1, 7, "second");
    file.old_packet(2, 512, "third");
    file.simple_packet("the fourth, cut to its snap length");
    file.section();
    file.interface(1, "");
    file.packet(0, (1ULL << 33U), "fifth");
    EXPECT_THAT(packets_of(file.bytes()),
                ElementsAre("first", "second", "third", "the fourth, ", "fifth"));
    EXPECT_EQ(link_type_, LinkType::kEthernet);
    EXPECT_THAT(times_ns_,
                ElementsAre(3'000, 5 * kNanosecondsPerSecond + 7, kNanosecondsPerSecond / 2,
                            kNanosecondsPerSecond / 2, (1LL << 33U) * 1'000));
    EXPECT_THAT(packets_of(file.bytes(), {.interface = "eth1"}), ElementsAre("second"));
    EXPECT_THAT(packets_of(file.bytes(), {.interface = "2"}), ElementsAre("third"));
  }
}

TEST_F(PacketFileTest, OfACaptureOfOursEachPacketIsTakenOnceWhereItCameIn) {
  FileWriter file;
  file.interface(101, "tun0", capture_description(0), 9);
  file.interface(101, "tun1", capture_description(1), 9);
  file.packet(0, 1, "there", PcapngFlags::kInbound);
  file.packet(1, 2, "there", PcapngFlags::kOutbound);
  file.packet(1, 3, "back", PcapngFlags::kInbound | PcapngFlags::kChecksumNotReady);
  file.packet(0, 4, "back", PcapngFlags::kOutbound);
  EXPECT_THAT(packets_of(file.bytes()), ElementsAre("there"));
  EXPECT_EQ(link_type_, LinkType::kIp);
  EXPECT_THAT(packets_of(file.bytes(), {.interface = {}, .device = 1}), ElementsAre("back"));
  EXPECT_THAT(packets_of(file.bytes(), {.interface = "tun1"}), ElementsAre("back"));
}

TEST_F(PacketFileTest, WhatCanNotBeReadIsRefusedWithTheCause) {
  FileWriter mixed;
  mixed.interface(1, "eth0");
  mixed.interface(101, "tun0");
  mixed.packet(0, 1, "frame");
  mixed.packet(1, 1, "packet");
  EXPECT_THAT(refusal_of(mixed.bytes()), HasSubstr("different link types: eth0, tun0\n  hint: "
                                                   "choose one with --interface NAME"));
  EXPECT_THAT(packets_of(mixed.bytes(), {.interface = "tun0"}), ElementsAre("packet"));
  EXPECT_THAT(refusal_of(mixed.bytes(), {.interface = "tun9"}),
              HasSubstr("no interface tun9\n  hint: it has eth0, tun0"));

  FileWriter other;
  other.interface(113, "any");
  other.packet(0, 1, "cooked");
  EXPECT_THAT(refusal_of(other.bytes()), HasSubstr("link type LINUX_SLL"));
  for (const std::int64_t offset_s : {INT64_MIN, INT64_MIN / 1'000'000'000 - 1, INT64_MAX}) {
    FileWriter old;
    old.interface(1, "eth0", "", 6, offset_s);
    old.packet(0, 1, "long ago");
    EXPECT_THAT(refusal_of(old.bytes()), HasSubstr("292 years away")) << offset_s;
  }
  FileWriter lost;
  lost.packet(0, 1, "of nowhere");
  EXPECT_THAT(refusal_of(lost.bytes()), HasSubstr("not described"));
  const std::string whole = mixed.bytes();
  for (std::size_t bytes = 0; bytes < whole.size(); ++bytes) try {
      packets_of(whole.substr(0, bytes), {.interface = "eth0"});
    } catch (const Error& error) {
      EXPECT_EQ(error.exit_code(), ExitCode::kUsage) << bytes;
    }
  EXPECT_THAT(refusal_of(whole.substr(0, whole.size() - 1), {.interface = "eth0"}),
              HasSubstr("ends within a block"));
}

}  // namespace
}  // namespace tunrelay::test
