// SPDX-License-Identifier: MIT
// The module `packet` against the kernel's own segmentation: what we build is written to a TUN,
// forwarded to a second one without offloads, and the segments that the kernel cuts for it are
// compared with the packets that went in, byte for byte (the TTL goes down by one).
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/uio.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>

#include "device/device.hpp"
#include "packet/coalesce.hpp"
#include "packet/describe.hpp"
#include "packet/segment_run.hpp"
#include "support/merge_checks.hpp"
#include "support/naive_segmenter.hpp"
#include "support/owned_packet.hpp"
#include "support/private_network.hpp"
#include "support/process.hpp"
#include "support/random_packet.hpp"

namespace tunrelay::test {
namespace {

constexpr LinkLimits kAnything{LinkType::kIp, kAnyMtu};

class PacketKernelTest : public PrivateNetwork {
 protected:
  void SetUp() override {
    PrivateNetwork::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    source_.emplace(Device::open({.name = "in0"}));
    target_.emplace(Device::open({.name = "out0", .offload = false}));
    run_or_throw(R"(
      for device in in0 out0; do
        ip link set $device txqueuelen 20000 up
        sysctl -qw net.ipv6.conf.$device.router_solicitations=0
      done
      sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
      ip address add 10.0.0.1/32 dev in0
      ip route add 192.168.13.1/32 dev in0
      ip route add 192.168.13.2/32 dev out0
      ip -6 route add fd13::1/128 dev in0
      ip -6 route add fd13::2/128 dev out0)");
  }

  static void run_or_throw(const std::string& script) {
    const ProcessResult result = run_shell(script);
    if (!result.succeeded()) throw std::runtime_error(result.describe());
  }

  void send(std::span<const iovec> pieces) {
    const Frame frame = gathered(pieces);
    ASSERT_GT(writev(source_->queue_fd(0), pieces.data(), static_cast<int>(pieces.size())), 0)
        << std::generic_category().message(errno) << " for "
        << describe({.bytes = frame.bytes,
                     .frame_bytes = static_cast<std::uint32_t>(frame.bytes.size()),
                     .link_type = LinkType::kIp,
                     .header = frame.header,
                     .run = {}});
  }

  /// The next COUNT packets for our destination that come out, or fewer when no more comes.
  std::vector<Bytes> receive(std::size_t count) {
    std::vector<Bytes> received;
    const std::size_t header_bytes = target_->has_virtio_net_header() ? kVirtioNetHeaderBytes : 0;
    while (received.size() < count) {
      pollfd ready{.fd = target_->queue_fd(0), .events = POLLIN, .revents = 0};
      if (poll(&ready, 1, 1000) <= 0) break;
      Bytes bytes(70000);
      const ssize_t length = read(target_->queue_fd(0), bytes.data(), bytes.size());
      if (length <= static_cast<ssize_t>(header_bytes)) break;
      bytes.resize(static_cast<std::size_t>(length));
      bytes.erase(bytes.begin(), bytes.begin() + static_cast<long>(header_bytes));
      if (is_ours(bytes)) received.push_back(std::move(bytes));
    }
    return received;
  }

  /// What must come out of the kernel for EXPECTED, wire segments that went in.
  static void expect_forwarded(const std::vector<Bytes>& received,
                               const std::vector<Frame>& expected, bool ignore_atomic_ids) {
    ASSERT_EQ(received.size(), expected.size());
    for (std::size_t at = 0; at < expected.size(); ++at) {
      Frame wanted = completed(expected[at]);
      Frame came{{}, received[at]};
      hop(wanted.bytes);
      for (Frame* frame : {&wanted, &came}) use_one_zero(*frame);
      if (ignore_atomic_ids)
        for (Frame* frame : {&wanted, &came}) *frame = without_atomic_id(*frame, LinkType::kIp);
      ASSERT_EQ(came.bytes, wanted.bytes) << "segment " << at;
    }
  }

  /// A form that a router passes on: options that mean nothing, a TTL to spend.
  static PacketSpec forwardable(PacketSpec spec) {
    spec.link_type = LinkType::kIp;
    spec.ttl = 64;
    for (std::byte& option : spec.ip_options) option = std::byte{1};
    if (!spec.extensions.empty()) spec.extensions = {{60, Bytes(8, std::byte{0})}};
    if (spec.gso_bits == VirtioNetHeader::kGsoAccurateEcn) spec.gso_bits = 0;
    const std::size_t size = spec.gso_size == 0 ? 1400 : std::min<std::size_t>(1300, spec.gso_size);
    if (spec.gso_size != 0) spec.gso_size = static_cast<std::uint16_t>(size);
    spec.payload.resize(std::min(spec.payload.size(), size * (spec.gso_size == 0 ? 1 : 120)));
    return spec;
  }

  std::optional<Device> source_;
  std::optional<Device> target_;

 private:
  static bool is_ours(const Bytes& bytes) {
    const bool is_ipv4 = std::to_integer<int>(bytes[0]) >> 4 == 4;
    return is_ipv4 ? get_u32(bytes, 16) == 0xc0a80d02
                   : bytes.size() >= 40 && get_u16(bytes, 24) == 0xfd13 && get_u16(bytes, 38) == 2;
  }
  static void hop(Bytes& bytes) {
    if (std::to_integer<int>(bytes[0]) >> 4 == 6) {
      bytes[7] = std::byte{63};
      return;
    }
    const std::size_t header_bytes = std::to_integer<std::size_t>(bytes[0] & std::byte{15}) * 4;
    bytes[8] = std::byte{63};
    set_u16(bytes, 10, 0);
    set_u16(bytes, 10, 0xffffU - naive_sum(std::span{bytes}.first(header_bytes)));
  }
  /// Whether a TCP checksum of 0 stands as 0 or as 0xffff depends on which of the kernel's
  /// functions completed it.
  static void use_one_zero(Frame& frame) {
    const OwnedPacket owned{frame, kAnything};
    if (owned.fault || owned.packet.layers.protocol != IPPROTO_TCP) return;
    const std::size_t field = owned.packet.layers.transport_offset + 16U;
    if (get_u16(frame.bytes, field) == 0xffff) set_u16(frame.bytes, field, 0);
  }
};

TEST_F(PacketKernelTest, CutsRunsIntoTheSegmentsOfTheWhole) {
  SeededRandom random;
  for (std::size_t times = scaled(150); times > 0; --times) {
    const PacketSpec spec = forwardable(random_spec(random, true));
    const Frame frame = build_frame(spec);
    const std::vector<Frame> segments = segment_naively(frame, LinkType::kIp);
    OwnedPacket owned{frame, kAnything};
    ASSERT_EQ(owned.fault, std::nullopt);
    // Every segment once, in runs of random lengths.
    const std::uint32_t count = owned.packet.segments();
    for (std::uint32_t first = 0; first < count;) {
      const auto last = static_cast<std::uint16_t>(random.between(first + 1, count));
      owned.packet.run = {static_cast<std::uint16_t>(first), last};
      HeaderSlot slot;
      std::array<iovec, kMaxRunPieces> pieces;
      send(std::span{pieces}.first(build_run(owned.packet, slot, pieces)));
      first = last;
    }
    expect_forwarded(receive(segments.size()), segments, false);
    if (HasFatalFailure()) return;
  }
}

/// COUNT packets of one flow, as a sender makes them one by one.
std::vector<Frame> flow_of(SeededRandom& random, PacketSpec spec, std::size_t count) {
  const std::size_t payload_bytes = random.between(8, 1300);
  const bool keeps_id = spec.dont_fragment && random.chance(0.3);
  spec.gso_size = 0;
  spec.gso_bits = 0;
  spec.tcp_flags = 0x10;
  spec.ip_options.clear();
  spec.extensions.clear();
  spec.checksum = random.chance(0.5) ? ChecksumState::kPending : ChecksumState::kComplete;
  std::vector<Frame> frames;
  for (std::size_t number = 0; number < count; ++number) {
    spec.payload =
        random.bytes(number + 1 == count ? random.between(1, payload_bytes) : payload_bytes);
    if (number + 1 == count) spec.tcp_flags = 0x18;
    frames.push_back(build_frame(spec));
    spec.sequence += static_cast<std::uint32_t>(spec.payload.size());
    if (!keeps_id) ++spec.id;
  }
  return frames;
}

TEST_F(PacketKernelTest, CutsMergedPacketsIntoThePacketsThatWereMerged) {
  SeededRandom random;
  Coalescer coalescer;
  std::size_t merged = 0;
  for (std::size_t times = scaled(300); times > 0; --times) {
    const std::vector<Frame> frames =
        flow_of(random, forwardable(random_spec(random, false)), random.between(2, 64));
    std::vector<OwnedPacket> owned;
    std::vector<Packet> packets;
    for (const Frame& frame : frames) owned.emplace_back(frame, kAnything);
    for (const OwnedPacket& packet : owned) packets.push_back(packet.packet);
    coalescer.plan(packets);
    for (const MergeGroup& group : coalescer.groups()) {
      HeaderSlot slot;
      std::array<iovec, kMaxMergedPieces> pieces;
      send(std::span{pieces}.first(coalescer.build(group, slot, pieces)));
      merged += group.count > 1 ? 1 : 0;
    }
    expect_forwarded(receive(frames.size()), frames, true);
    if (HasFatalFailure()) return;
  }
  EXPECT_GE(merged, scaled(300) * 9 / 10);
}

}  // namespace
}  // namespace tunrelay::test
