// SPDX-License-Identifier: MIT
// The module `packet` between two kernels' worth of ordinary senders: TCP and UDP sockets, ping,
// neighbour discovery, at several MTUs. A small relay checks, cuts and merges all that comes.
// Nothing may be refused, and what arrives is what was sent.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <optional>
#include <stdexcept>
#include <thread>

#include "device/device.hpp"
#include "os/netns.hpp"
#include "support/naive_packet.hpp"
#include "support/private_network.hpp"
#include "support/process.hpp"
#include "support/random.hpp"
#include "support/small_relay.hpp"

namespace tunrelay::test {
namespace {

struct Way {
  DeviceType type;
  Handling handling;
  bool offload;
};

class PacketSendersTest : public PrivateNetwork, public ::testing::WithParamInterface<Way> {
 protected:
  void SetUp() override {
    PrivateNetwork::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    make_link(GetParam().type, GetParam().offload);
  }

  void make_link(DeviceType type, bool offload) {
    a_.emplace(Device::open({.name = "a0", .type = type}));
    b_.emplace(Device::open({.name = "b0", .type = type}));
    if (!offload) a_->change_offloads({});
    if (!offload) b_->change_offloads({});
    const ProcessResult result = run_shell(R"(
      ip netns add peer
      ip link set b0 netns peer
      ip link set a0 txqueuelen 5000 up
      ip -n peer link set b0 txqueuelen 5000 up
      ip address add 192.168.13.1/24 dev a0
      ip -n peer address add 192.168.13.2/24 dev b0
      ip address add fd13::1/64 dev a0 nodad
      ip -n peer address add fd13::2/64 dev b0 nodad)");
    if (!result.succeeded()) throw std::runtime_error(result.describe());
    peer_ = open_named_netns("peer");
  }

  void start_relay(Handling handling, std::uint32_t mtu_bytes = 1500) {
    const LinkType type = a_->type() == DeviceType::kTun ? LinkType::kIp : LinkType::kEthernet;
    relay_ = std::make_unique<SmallRelay>(a_->queue_fd(0), b_->queue_fd(0),
                                          LinkLimits{type, mtu_bytes}, handling);
  }

  /// Stops the relay, which must have refused nothing.
  void stop_relay() {
    relay_->stop();
    EXPECT_EQ(relay_->refusals, "");
    EXPECT_EQ(relay_->refused_writes, 0U);
    EXPECT_GT(relay_->passed, 0U);
  }

  struct Address {
    sockaddr_storage bytes{};
    socklen_t length = 0;
    [[nodiscard]] sockaddr* get() { return reinterpret_cast<sockaddr*>(&bytes); }
  };
  static Address address_of(int ip_version) {
    Address address;
    if (ip_version == 4) {
      sockaddr_in v4{};
      v4.sin_family = AF_INET;
      v4.sin_port = htons(5201);
      v4.sin_addr.s_addr = htonl(0xc0a80d02);
      std::memcpy(&address.bytes, &v4, address.length = sizeof v4);
    } else {
      sockaddr_in6 v6{};
      v6.sin6_family = AF_INET6;
      v6.sin6_port = htons(5201);
      inet_pton(AF_INET6, "fd13::2", &v6.sin6_addr);
      std::memcpy(&address.bytes, &v6, address.length = sizeof v6);
    }
    return address;
  }
  static FileDescriptor make_socket(int ip_version, int type) {
    FileDescriptor made{socket(ip_version == 4 ? AF_INET : AF_INET6, type | SOCK_CLOEXEC, 0)};
    EXPECT_TRUE(made.is_open());
    const timeval limit{.tv_sec = 5, .tv_usec = 0};
    setsockopt(made.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    setsockopt(made.get(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    return made;
  }
  /// A socket of the peer's, bound to its address.
  FileDescriptor make_peer_socket(int ip_version, int type) {
    const NetnsScope there(peer_.get());
    FileDescriptor made = make_socket(ip_version, type);
    constexpr int kRoom = 32 << 20;
    setsockopt(made.get(), SOL_SOCKET, SO_RCVBUFFORCE, &kRoom, sizeof kRoom);
    Address address = address_of(ip_version);
    EXPECT_EQ(bind(made.get(), address.get(), address.length), 0)
        << std::generic_category().message(errno);
    return made;
  }

  void expect_stream_arrives(int ip_version, std::size_t bytes) {
    const FileDescriptor listener = make_peer_socket(ip_version, SOCK_STREAM);
    ASSERT_EQ(listen(listener.get(), 1), 0);
    const FileDescriptor sender = make_socket(ip_version, SOCK_STREAM);
    Address address = address_of(ip_version);
    ASSERT_EQ(connect(sender.get(), address.get(), address.length), 0)
        << std::generic_category().message(errno);
    const FileDescriptor receiver{accept(listener.get(), nullptr, nullptr)};
    const Bytes sent = SeededRandom{7}.bytes(bytes);
    std::thread sending([&] {
      for (std::size_t done = 0; done < sent.size();) {
        const ssize_t count =
            ::send(sender.get(), sent.data() + done, sent.size() - done, MSG_NOSIGNAL);
        if (count <= 0) break;
        done += static_cast<std::size_t>(count);
      }
      shutdown(sender.get(), SHUT_WR);
    });
    Bytes received(bytes);
    std::size_t done = 0;
    while (done < received.size()) {
      const ssize_t count = recv(receiver.get(), received.data() + done, received.size() - done, 0);
      if (count <= 0) break;
      done += static_cast<std::size_t>(count);
    }
    sending.join();
    EXPECT_EQ(done, bytes);
    EXPECT_TRUE(received == sent) << "the stream has other bytes";
  }

  /// COUNT datagrams of PAYLOAD_BYTES, GSO of them in one send.
  void expect_datagrams_arrive(int ip_version, std::size_t count, std::size_t payload_bytes,
                               std::size_t gso, bool connected) {
    const FileDescriptor receiver = make_peer_socket(ip_version, SOCK_DGRAM);
    const FileDescriptor sender = make_socket(ip_version, SOCK_DGRAM);
    Address address = address_of(ip_version);
    if (connected) {
      ASSERT_EQ(connect(sender.get(), address.get(), address.length), 0);
    }
    const int segment_bytes = gso > 1 ? static_cast<int>(payload_bytes) : 0;
    ASSERT_EQ(setsockopt(sender.get(), SOL_UDP, UDP_SEGMENT, &segment_bytes, sizeof segment_bytes),
              0);
    for (std::size_t sent = 0; sent < count; sent += gso) {
      Bytes bytes;
      for (std::size_t at = sent; at < std::min(count, sent + gso); ++at) {
        const Bytes one = counting_bytes(payload_bytes, at);
        bytes.insert(bytes.end(), one.begin(), one.end());
      }
      const ssize_t done = connected ? ::send(sender.get(), bytes.data(), bytes.size(), 0)
                                     : sendto(sender.get(), bytes.data(), bytes.size(), 0,
                                              address.get(), address.length);
      ASSERT_EQ(done, static_cast<ssize_t>(bytes.size())) << std::generic_category().message(errno);
    }
    for (std::size_t at = 0; at < count; ++at) {
      Bytes bytes(65536);
      const ssize_t length = recv(receiver.get(), bytes.data(), bytes.size(), 0);
      ASSERT_EQ(length, static_cast<ssize_t>(payload_bytes)) << "datagram " << at;
      bytes.resize(payload_bytes);
      ASSERT_EQ(bytes, counting_bytes(payload_bytes, at)) << "datagram " << at;
    }
  }

  std::optional<Device> a_;
  std::optional<Device> b_;
  FileDescriptor peer_;
  std::unique_ptr<SmallRelay> relay_;
};

TEST_P(PacketSendersTest, NothingIsRefusedAndAllArrives) {
  start_relay(GetParam().handling);
  for (const int version : {4, 6}) {
    SCOPED_TRACE(version);
    expect_stream_arrives(version, std::size_t{16} << 20);
    expect_datagrams_arrive(version, 2000, 64, 1, true);
    expect_datagrams_arrive(version, 2000, 64, 1, false);
    expect_datagrams_arrive(version, 1000, 1000, 40, true);
    expect_datagrams_arrive(version, 640, 1, 128, true);
    expect_datagrams_arrive(version, 50, 5000, 1, true);  // fragments
    expect_datagrams_arrive(version, 20, 0, 1, true);
  }
  for (const char* ping : {"ping -c2 -i0.2 192.168.13.2", "ping -c2 -i0.2 -s3000 192.168.13.2",
                           "ping -c2 -i0.2 -R 192.168.13.2", "ping -c2 -i0.2 fd13::2",
                           "ping -c2 -i0.2 -s3000 fd13::2", "ping -c2 -i0.2 -I a0 ff02::1"})
    EXPECT_TRUE(run(split(ping)).succeeded()) << ping;
  stop_relay();
  const bool merges = GetParam().handling == Handling::kMerge;
  const bool cuts = GetParam().handling == Handling::kCut && GetParam().offload;
  EXPECT_EQ(relay_->merged > 100, merges) << relay_->merged;
  EXPECT_EQ(relay_->cut > 100, cuts) << relay_->cut;
}

INSTANTIATE_TEST_SUITE_P(Ways, PacketSendersTest,
                         ::testing::Values(Way{DeviceType::kTun, Handling::kPassOn, true},
                                           Way{DeviceType::kTun, Handling::kMerge, true},
                                           Way{DeviceType::kTun, Handling::kMerge, false},
                                           Way{DeviceType::kTun, Handling::kCut, true},
                                           Way{DeviceType::kTap, Handling::kPassOn, true},
                                           Way{DeviceType::kTap, Handling::kMerge, false},
                                           Way{DeviceType::kTap, Handling::kCut, true}),
                         [](const auto& way) {
                           const std::string handling =
                               way.param.handling == Handling::kPassOn  ? "PassOn"
                               : way.param.handling == Handling::kMerge ? "Merge"
                                                                        : "Cut";
                           return std::string(to_string(way.param.type)) + handling +
                                  (way.param.offload ? "" : "WithoutOffload");
                         });

class SmallMtuTest : public PacketSendersTest {};

/// With an MTU of 88 and timestamps the kernel cuts TCP into segments of 36 bytes, below the
/// 48 that pass for its least MSS.
TEST_P(SmallMtuTest, TinySegmentsPass) {
  ASSERT_TRUE(run(split("ip link set a0 mtu 88")).succeeded());
  ASSERT_TRUE(run(split("ip -n peer link set b0 mtu 88")).succeeded());
  start_relay(GetParam().handling, 88);
  expect_stream_arrives(4, 200'000);
  expect_datagrams_arrive(4, 100, 60, 1, true);
  stop_relay();
}

INSTANTIATE_TEST_SUITE_P(Tun, SmallMtuTest,
                         ::testing::Values(Way{DeviceType::kTun, Handling::kCut, true}));

}  // namespace
}  // namespace tunrelay::test
