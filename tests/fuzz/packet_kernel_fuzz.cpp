// SPDX-License-Identifier: MIT
// Our checks against the kernel's: what parse() accepts is taken by a TUN or TAP device, as it came
// and as any run of its wire segments, and what a kernel that forwards it sends out again is
// accepted in turn. In a network namespace of its own; without the right to one it ends with 77.
// Input: link type (lowest bit of 1 byte), the run (1 byte), the virtio-net header (10 bytes), the
// frame.
// Covers: packet/parse.cpp packet/segment_run.cpp
#include <sched.h>
#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <span>
#include <vector>

#include "base/error.hpp"
#include "device/device.hpp"
#include "packet/describe.hpp"
#include "packet/segment_run.hpp"
#include "support/owned_packet.hpp"
#include "support/process.hpp"
#include "support/random_packet.hpp"

using namespace tunrelay;
using namespace tunrelay::test;

namespace {

constexpr int kSkipped = 77;

/// Two of each type; what comes in by the first is forwarded to the second.
struct Devices {
  std::vector<Device> tun;
  std::vector<Device> tap;
};

Devices& devices() {
  static Devices all;
  return all;
}

void make_network() {
  if (::unshare(CLONE_NEWNET) != 0) {
    std::fprintf(stderr, "skipped: no network namespace: %s\n", std::strerror(errno));
    std::exit(kSkipped);
  }
  try {
    for (const char* name : {"in0", "out0"}) devices().tun.push_back(Device::open({.name = name}));
    for (const char* name : {"in1", "out1"})
      devices().tap.push_back(Device::open({.name = name, .type = DeviceType::kTap}));
  } catch (const Error& error) {
    std::fprintf(stderr, "skipped: %s\n", error.what());
    std::exit(kSkipped);
  }
  const ProcessResult result = run_shell(R"(
    sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1 net.ipv4.conf.all.rp_filter=0
    for device in in0 out0 in1 out1; do
      sysctl -qw net.ipv4.conf.$device.rp_filter=0 net.ipv6.conf.$device.router_solicitations=0
      ip link set $device txqueuelen 100 up
    done
    ip route add default dev out0
    ip -6 route add default dev out0)");
  if (!result.succeeded()) {
    std::fprintf(stderr, "%s\n", result.describe().c_str());
    std::exit(1);
  }
}

[[noreturn]] void disagree(const char* what, const Frame& frame, LinkType type) {
  const std::string text = describe({.bytes = frame.bytes,
                                     .frame_bytes = static_cast<std::uint32_t>(frame.bytes.size()),
                                     .link_type = type,
                                     .header = frame.header,
                                     .run = {}});
  std::fprintf(stderr, "%s: %s\n", what, text.c_str());
  std::abort();
}

void expect_taken(const Device& device, std::span<const iovec> pieces, LinkType type) {
  if (::writev(device.queue_fd(0), pieces.data(), static_cast<int>(pieces.size())) >= 0) return;
  if (errno == ENOMEM || errno == ENOBUFS || errno == EAGAIN) return;  // nothing about the packet
  disagree(std::strerror(errno), gathered(pieces), type);
}

/// What the kernel has sent meanwhile, also of its own accord.
void expect_accepted(const Device& device, LinkType type) {
  static std::vector<std::byte> bytes(kVirtioNetHeaderBytes + 70'000);
  for (int most = 0; most < 64; ++most) {
    const ssize_t length = ::read(device.queue_fd(0), bytes.data(), bytes.size());
    if (length < static_cast<ssize_t>(kVirtioNetHeaderBytes)) return;
    const Frame frame{load_virtio_net_header(bytes.data()),
                      Bytes(bytes.begin() + kVirtioNetHeaderBytes, bytes.begin() + length)};
    if (OwnedPacket{frame, {type, kAnyMtu}}.fault) disagree("we refuse", frame, type);
  }
}

}  // namespace

extern "C" int LLVMFuzzerInitialize(int* /*count*/, char*** /*arguments*/) {
  make_network();
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::size_t kControlBytes = 2;
  if (size < kControlBytes + kVirtioNetHeaderBytes) return 0;
  const std::span input{reinterpret_cast<const std::byte*>(data), size};
  const LinkType type = (data[0] & 1) == 0 ? LinkType::kIp : LinkType::kEthernet;
  const auto& pair = type == LinkType::kIp ? devices().tun : devices().tap;
  const auto bytes = input.subspan(kControlBytes + kVirtioNetHeaderBytes);
  Frame frame{load_virtio_net_header(input.data() + kControlBytes),
              Bytes(bytes.begin(), bytes.end())};
  // A kernel that does not know it (before Linux 6.17) refuses it, and hands it to nobody.
  frame.header.gso_type &= static_cast<std::uint8_t>(~VirtioNetHeader::kGsoAccurateEcn);
  OwnedPacket owned{frame, {type, kAnyMtu}};
  if (owned.fault) return 0;
  std::array<std::byte, kVirtioNetHeaderBytes> header{};
  store_virtio_net_header(header.data(), owned.packet.header);
  const std::array<iovec, 2> whole{
      {{header.data(), header.size()}, {owned.packet.frame, owned.packet.frame_bytes}}};
  expect_taken(pair[0], whole, type);
  if (owned.packet.segments() > 1) {
    const auto segments = static_cast<std::uint16_t>(owned.packet.segments());
    const auto first = static_cast<std::uint16_t>(data[1] % segments);
    const auto last = static_cast<std::uint16_t>(first + 1 + data[1] / 16 % (segments - first));
    owned.packet.run = {first, last};
    HeaderSlot slot;
    std::array<iovec, kMaxRunPieces> pieces;
    const std::size_t count = build_run(owned.packet, slot, pieces);
    expect_taken(pair[0], std::span{pieces}.first(count), type);
  }
  for (const Device& device : pair) expect_accepted(device, type);
  return 0;
}
