// SPDX-License-Identifier: MIT
// A million packets of every size, and TCP streams written in pieces of every size: none is
// corrupt, doubled or out of order, and each that is missing stands in a counter.
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "os/file_descriptor.hpp"
#include "support/packet_flow.hpp"
#include "support/private_network.hpp"
#include "support/random.hpp"
#include "support/running_tunnel.hpp"
#include "support/sockets.hpp"
#include "support/tunnel_setting.hpp"

namespace tunrelay {
namespace {

using test::FlowChecker;
using test::FlowFindings;
using test::FlowPattern;
using test::TunnelSetting;

constexpr std::size_t kBatch = 64;
constexpr std::size_t kMaxIpv4 = 1500 - 28;
constexpr std::size_t kMaxIpv6 = 1500 - 48;

/// One flow: both sockets, and what came through.
struct Flow {
  Flow(const std::string& from, const std::string& to, std::uint64_t seed, int receive_bytes)
      : pattern(seed, from.find(':') == std::string::npos ? kMaxIpv4 : kMaxIpv6),
        checker(pattern),
        source(test::bound_socket(from, SOCK_DGRAM)),
        target(test::bound_socket(to, SOCK_DGRAM)) {
    test::check_socket_call(::setsockopt(target.get(), SOL_SOCKET, SO_RCVBUFFORCE, &receive_bytes,
                                         sizeof receive_bytes),
                            "SO_RCVBUFFORCE");
    const int on = 1;
    test::check_socket_call(::setsockopt(target.get(), SOL_SOCKET, SO_RXQ_OVFL, &on, sizeof on),
                            "SO_RXQ_OVFL");
    test::connect_socket(source, test::name_of(target));
  }

  FlowPattern pattern;
  FlowChecker checker;
  FileDescriptor source;
  FileDescriptor target;
  std::uint64_t sent = 0;
  std::uint64_t refused = 0;  ///< by the sending kernel, which said so
  std::uint32_t overflowed = 0;
};

/// Sends the next COUNT packets of the flow by one system call.
void send_batch(Flow& flow, std::size_t count) {
  static thread_local std::array<std::array<std::byte, 1500>, kBatch> bytes;
  std::array<iovec, kBatch> pieces{};
  std::array<mmsghdr, kBatch> messages{};
  for (std::size_t at = 0; at < count; ++at) {
    pieces[at] = {bytes[at].data(), flow.pattern.size_of(flow.sent + at)};
    flow.pattern.fill(flow.sent + at, std::span(bytes[at]).first(pieces[at].iov_len));
    messages[at].msg_hdr.msg_iov = &pieces[at];
    messages[at].msg_hdr.msg_iovlen = 1;
  }
  for (std::size_t done = 0; done < count;) {
    const int sent = ::sendmmsg(flow.source.get(), messages.data() + done,
                                static_cast<unsigned>(count - done), 0);
    if (sent < 0) ++flow.refused;
    done += sent < 0 ? 1U : static_cast<std::size_t>(sent);
  }
  flow.sent += count;
}

std::uint32_t overflow_in(msghdr& header) {
  std::uint32_t overflowed = 0;
  for (cmsghdr* part = CMSG_FIRSTHDR(&header); part != nullptr; part = CMSG_NXTHDR(&header, part))
    if (part->cmsg_level == SOL_SOCKET && part->cmsg_type == SO_RXQ_OVFL)
      std::memcpy(&overflowed, CMSG_DATA(part), sizeof overflowed);
  return overflowed;
}

/// Takes what is there. How many packets that were.
std::size_t receive_batch(Flow& flow) {
  // One byte more than can come, so that a longer packet shows.
  static thread_local std::array<std::array<std::byte, 2048>, kBatch> bytes;
  std::array<std::array<char, 64>, kBatch> control{};
  std::array<iovec, kBatch> pieces{};
  std::array<mmsghdr, kBatch> messages{};
  for (std::size_t at = 0; at < kBatch; ++at) {
    pieces[at] = {bytes[at].data(), bytes[at].size()};
    messages[at].msg_hdr.msg_iov = &pieces[at];
    messages[at].msg_hdr.msg_iovlen = 1;
    messages[at].msg_hdr.msg_control = control[at].data();
    messages[at].msg_hdr.msg_controllen = control[at].size();
  }
  const int count = ::recvmmsg(flow.target.get(), messages.data(), kBatch, MSG_DONTWAIT, nullptr);
  for (std::size_t at = 0; count > 0 && at < static_cast<std::size_t>(count); ++at) {
    flow.checker.take(std::span(bytes[at]).first(messages[at].msg_len));
    flow.overflowed = std::max(flow.overflowed, overflow_in(messages[at].msg_hdr));
  }
  return count > 0 ? static_cast<std::size_t>(count) : 0;
}

struct Traffic {
  std::vector<std::unique_ptr<Flow>> flows;
  std::atomic<std::uint64_t> received{0};
  std::atomic<bool> sending{true};

  [[nodiscard]] std::uint64_t sent() const {
    std::uint64_t sum = 0;
    for (const auto& flow : flows) sum += flow->sent;
    return sum;
  }
};

/// Until the sender is done and nothing has come for a while.
void receive_all(Traffic& traffic) {
  constexpr std::chrono::milliseconds kQuiet{300};
  std::vector<pollfd> watched;
  for (const auto& flow : traffic.flows)
    watched.push_back({.fd = flow->target.get(), .events = POLLIN, .revents = 0});
  auto last = std::chrono::steady_clock::now();
  while (traffic.sending || std::chrono::steady_clock::now() - last < kQuiet) {
    std::size_t count = 0;
    for (const auto& flow : traffic.flows) count += receive_batch(*flow);
    traffic.received += count;
    if (count != 0)
      last = std::chrono::steady_clock::now();
    else
      ::poll(watched.data(), watched.size(), 10);
  }
}

/// PACKETS for each flow. WINDOW: packets under way at most, 0 for no limit; one that is lost
/// stays under way, so the window gives up after a while and the counts show it.
void send_all(Traffic& traffic, std::uint64_t packets, std::uint64_t window) {
  constexpr std::chrono::milliseconds kPatience{1000};
  for (std::uint64_t done = 0; done < packets; done += kBatch)
    for (const auto& flow : traffic.flows) {
      send_batch(*flow, std::min<std::uint64_t>(kBatch, packets - done));
      const auto deadline = std::chrono::steady_clock::now() + kPatience;
      while (window != 0 && traffic.sent() - traffic.received > window &&
             std::chrono::steady_clock::now() < deadline)
        std::this_thread::sleep_for(std::chrono::microseconds(50));
    }
  traffic.sending = false;
}

void add_flows(Traffic& traffic, std::uint64_t seed, int count, int receive_bytes) {
  for (int at = 0; at < count; ++at)
    for (const auto& [a, b] : {std::pair<std::string, std::string>{"192.168.13.1", "192.168.13.2"},
                               std::pair<std::string, std::string>{"fd13::1", "fd13::2"}}) {
      const bool away = at % 2 == 0;
      traffic.flows.push_back(
          std::make_unique<Flow>(away ? a : b, away ? b : a, ++seed, receive_bytes));
    }
}

void exchange(Traffic& traffic, std::uint64_t packets, std::uint64_t window) {
  std::thread receiver([&traffic] { receive_all(traffic); });
  send_all(traffic, packets, window);
  receiver.join();
}

/// None corrupt, doubled or out of order; those missing behind the last one count too.
struct Outcome {
  std::uint64_t received = 0;
  std::uint64_t refused = 0;
  std::uint64_t overflowed = 0;
};
Outcome expect_intact(const Traffic& traffic) {
  Outcome outcome;
  for (const auto& flow : traffic.flows) {
    const FlowFindings& findings = flow->checker.findings();
    EXPECT_EQ(findings.corrupt, 0U);
    EXPECT_EQ(findings.doubled_or_late, 0U);
    EXPECT_GT(findings.received, 0U);
    EXPECT_LE(findings.received + findings.missing, flow->sent);
    outcome.received += findings.received;
    outcome.refused += flow->refused;
    outcome.overflowed += flow->overflowed;
  }
  return outcome;
}

/// What the summary says was dropped, wherever that was.
std::uint64_t dropped_packets(const nlohmann::json& summary) {
  std::uint64_t sum = 0;
  for (const char* end : {"a", "b"})
    for (const char* key : {"queue_dropped_packets", "kernel_dropped_packets"})
      sum += summary.at(end).at(key).get<std::uint64_t>();
  for (const char* direction : {"a_to_b", "b_to_a"})
    for (const auto& [reason, tally] : summary.at(direction).at("dropped").items())
      sum += tally.at("segments").get<std::uint64_t>();
  return sum;
}

class IntegrityTest : public test::PrivateNetwork,
                      public ::testing::WithParamInterface<TunnelSetting> {};

// 8 settings of 8 flows of 15,700 packets: a million.
TEST_P(IntegrityTest, PacedPacketsOfEverySizeAllArrive) {
  constexpr std::uint64_t kPackets = 15'700;
  constexpr std::uint64_t kWindow = 2'000;  // less than a device's queue holds
  test::RunningTunnel tunnel(GetParam().flags());
  const test::SeededRandom random;
  Traffic traffic;
  add_flows(traffic, random.seed(), 4, 64 << 20);
  exchange(traffic, test::scaled(kPackets), kWindow);
  const Outcome outcome = expect_intact(traffic);
  const nlohmann::json summary = tunnel.finish();
  EXPECT_EQ(outcome.refused, 0U);
  EXPECT_EQ(outcome.received, traffic.sent()) << summary.dump(1);
  EXPECT_EQ(outcome.overflowed, 0U);
  EXPECT_EQ(dropped_packets(summary), 0U) << summary.dump(1);
  EXPECT_TRUE(test::is_balanced(summary)) << summary.dump(1);
}

TEST_P(IntegrityTest, EachPacketOfAFloodThatIsMissingIsCounted) {
  constexpr std::uint64_t kPackets = 4'000;
  test::RunningTunnel tunnel(GetParam().flags() + " --txqueuelen 100");
  const test::SeededRandom random;
  Traffic traffic;
  add_flows(traffic, random.seed(), 1, 16 << 10);
  exchange(traffic, test::scaled(kPackets), 0);
  // SO_RXQ_OVFL comes with a packet: one more each, when there is room again.
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  for (const auto& flow : traffic.flows) {
    send_batch(*flow, 1);
    pollfd watched{.fd = flow->target.get(), .events = POLLIN, .revents = 0};
    ASSERT_EQ(::poll(&watched, 1, 2000), 1);
    EXPECT_EQ(receive_batch(*flow), 1U);
  }
  const Outcome outcome = expect_intact(traffic);
  const nlohmann::json summary = tunnel.finish();
  const std::uint64_t counted = outcome.overflowed + dropped_packets(summary);
  const std::uint64_t missing = traffic.sent() - outcome.received;
  const std::string numbers = "overflowed " + std::to_string(outcome.overflowed) + ", refused " +
                              std::to_string(outcome.refused) + "\n" + summary.dump(1);
  EXPECT_GT(missing, 0U) << "this was not a flood; " << numbers;
  EXPECT_GE(counted, missing) << numbers;
  // Neighbours that are looked up again and the like may be among what was dropped.
  EXPECT_LE(counted, missing + 16) << numbers;
  EXPECT_TRUE(test::is_balanced(summary)) << summary.dump(1);
}

/// BYTES through SOCKET in writes of random sizes.
void write_stream(const FileDescriptor& socket, std::uint64_t seed, std::size_t bytes) {
  std::vector<std::byte> text(bytes);
  test::fill_from_key(seed, text);
  test::SeededRandom random(seed);
  for (std::size_t done = 0; done < bytes;) {
    const std::size_t largest = random.chance(0.5) ? 2'000 : 150'000;
    const std::size_t size = std::min<std::size_t>(random.between(1, largest), bytes - done);
    const ssize_t written = ::send(socket.get(), text.data() + done, size, MSG_NOSIGNAL);
    if (written <= 0) break;
    done += static_cast<std::size_t>(written);
  }
  ::shutdown(socket.get(), SHUT_WR);
}

/// Whether exactly those bytes come through SOCKET before its end.
bool is_same_stream(const FileDescriptor& socket, std::uint64_t seed, std::size_t bytes) {
  std::vector<std::byte> expected(bytes);
  test::fill_from_key(seed, expected);
  std::vector<std::byte> part(1 << 18);
  std::size_t done = 0;
  for (ssize_t length = 0; (length = ::recv(socket.get(), part.data(), part.size(), 0)) > 0;) {
    const auto size = static_cast<std::size_t>(length);
    if (size > bytes - done || std::memcmp(part.data(), expected.data() + done, size) != 0)
      return false;
    done += size;
  }
  return done == bytes;
}

TEST_P(IntegrityTest, TcpStreamsOfAnyWritesArriveWhole) {
  const std::size_t bytes = test::scaled(std::size_t{48} << 20);
  test::RunningTunnel tunnel(GetParam().flags());
  const test::SeededRandom random;
  const std::uint64_t seed = random.seed();
  for (const auto& [from, to] :
       {std::pair{"192.168.13.1", "192.168.13.2"}, std::pair{"fd13::2", "fd13::1"}}) {
    const FileDescriptor listener = test::bound_socket(to, SOCK_STREAM);
    test::check_socket_call(::listen(listener.get(), 1), "listen");
    const FileDescriptor source = test::bound_socket(from, SOCK_STREAM);
    test::connect_socket(source, test::name_of(listener));
    const FileDescriptor target(
        test::check_socket_call(::accept(listener.get(), nullptr, nullptr), "accept"));
    std::thread writer([&] { write_stream(source, seed, bytes); });
    EXPECT_TRUE(is_same_stream(target, seed, bytes)) << from << " > " << to;
    ::shutdown(target.get(), SHUT_RDWR);
    writer.join();
  }
  const nlohmann::json summary = tunnel.finish();
  EXPECT_GE(test::bytes_read(summary, "a_to_b"), bytes);
  EXPECT_GE(test::bytes_read(summary, "b_to_a"), bytes);
  EXPECT_TRUE(test::is_balanced(summary)) << summary.dump(1);
}

const std::vector<TunnelSetting> kIntegritySettings{
    {"tun", "policy", "uring", true, 1},    {"tap", "policy", "uring", true, 4},
    {"tap", "policy", "uring", false, 1},   {"tun", "policy", "uring", false, 4},
    {"tap", "policy", "syscall", true, 1},  {"tun", "policy", "syscall", true, 4},
    {"tun", "policy", "syscall", false, 1}, {"tap", "policy", "syscall", false, 4},
};
std::string name_without_family(const ::testing::TestParamInfo<TunnelSetting>& info) {
  const std::string name = info.param.name();
  return name.substr(0, name.rfind('_'));  // both families, always
}
INSTANTIATE_TEST_SUITE_P(, IntegrityTest, ::testing::ValuesIn(kIntegritySettings),
                         name_without_family);

}  // namespace
}  // namespace tunrelay
