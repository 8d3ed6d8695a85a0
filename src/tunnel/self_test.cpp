// SPDX-License-Identifier: MIT
#include "tunnel/self_test.hpp"

#include <fmt/format.h>
#include <netinet/udp.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <functional>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "os/cpu_wait.hpp"
#include "os/file_descriptor.hpp"
#include "route/watch/path_check.hpp"
#include "tunnel/test_pattern.hpp"
#include "tunnel/test_socket.hpp"

namespace tunrelay {
namespace {

constexpr std::size_t kIpv6UdpHeaderBytes = 48;
constexpr std::size_t kTcpBytes = 256 * 1024;

struct Finding {
  std::string text;
  bool is_late = false;  ///< something has not come, or not yet; all that came was right
};

std::string where(std::string_view what, IpFamily family, const PathEnds& ends) {
  return test_place(what, family, ends.source, ends.target);
}

/// Datagrams across the tunnel: what is sent, and the two sockets.
struct UdpTest {
  UdpTest(const PathEnds& test_ends, IpFamily test_family, std::uint32_t mtu_bytes)
      : ends(test_ends),
        family(test_family),
        datagram_bytes(std::min<std::size_t>(1000, mtu_bytes - kIpv6UdpHeaderBytes)),
        sent(test_pattern(10 * datagram_bytes + datagram_bytes / 3)),
        sender(open_test_socket(ends.source, family, SOCK_DGRAM)),
        receiver(open_test_socket(ends.target, family, SOCK_DGRAM)),
        target(SocketAddress(addresses_of(ends.target, family).front().address,
                             bind_anywhere(receiver, family))) {}

  /// 0, or the errno of the send. Takes BYTES of what must be sent, from FIRST on.
  [[nodiscard]] int send(std::size_t first, std::size_t bytes) const noexcept {
    const ssize_t length =
        ::sendto(sender.get(), sent.data() + first, bytes, 0, target.get(), target.length);
    return length < 0 ? errno : 0;
  }
  /// What has arrived must be what was sent, datagram by datagram.
  [[nodiscard]] std::optional<Finding> compare(std::string_view what) const;

  PathEnds ends;
  IpFamily family;
  std::size_t datagram_bytes;
  std::vector<char> sent;
  FileDescriptor sender;
  FileDescriptor receiver;
  SocketAddress target;
};

std::optional<Finding> UdpTest::compare(std::string_view what) const {
  std::vector<char> received;
  std::vector<char> datagram(65536);
  const std::int64_t deadline_ns = monotonic_ns() + kSelfTestLimitNs;
  while (received.size() < sent.size() && wait_to_read(receiver, deadline_ns)) {
    const ssize_t length = ::recv(receiver.get(), datagram.data(), datagram.size(), 0);
    if (length < 0) break;
    const std::size_t expected = std::min(datagram_bytes, sent.size() - received.size());
    if (static_cast<std::size_t>(length) != expected)
      return Finding{fmt::format("{}: a datagram of {} bytes came out as {}",
                                 where(what, family, ends), expected, length)};
    received.insert(received.end(), datagram.begin(), datagram.begin() + length);
  }
  if (received == sent) return std::nullopt;
  const bool is_whole = received.size() == sent.size();
  return Finding{
      fmt::format("{}: {} of {} bytes came out, {}", where(what, family, ends), received.size(),
                  sent.size(), is_whole ? "changed" : "the rest was lost"),
      !is_whole};
}

Finding failed_send(std::string_view what, const UdpTest& test, int error) {
  return {fmt::format("the send of {} failed: {}", where(what, test.family, test.ends),
                      describe_errno(error))};
}

/// One UDP_SEGMENT send must come out as its datagrams.
std::optional<Finding> test_udp_segment(const UdpTest& test) {
  constexpr std::string_view kWhat = "a UDP super-packet";
  const int segment_bytes = static_cast<int>(test.datagram_bytes);
  // A kernel without UDP_SEGMENT has no USO that could be wrong.
  if (::setsockopt(test.sender.get(), SOL_UDP, UDP_SEGMENT, &segment_bytes, sizeof segment_bytes) !=
      0)
    return std::nullopt;
  if (const int error = test.send(0, test.sent.size()); error != 0)
    return failed_send(kWhat, test, error);
  return test.compare(kWhat);
}

/// Datagrams that the relay reads as one batch, and so may merge, must come out one by one.
std::optional<Finding> test_merged_udp(const UdpTest& test, const HoldRelay& hold) {
  constexpr std::string_view kWhat = "a batch of UDP datagrams";
  int error = 0;
  hold([&test, &error] {
    for (std::size_t first = 0; first < test.sent.size() && error == 0;
         first += test.datagram_bytes)
      error = test.send(first, std::min(test.datagram_bytes, test.sent.size() - first));
  });
  return error != 0 ? failed_send(kWhat, test, error) : test.compare(kWhat);
}

/// A TCP stream is sent in super-packets; what is read must be what was written.
std::optional<Finding> test_tcp(const PathEnds& ends, IpFamily family) {
  const std::int64_t deadline_ns = monotonic_ns() + kSelfTestLimitNs;
  const auto connection = connect_test_sockets(ends.source, ends.target, family, deadline_ns);
  if (!connection)
    return Finding{where("a TCP connection", family, ends) + " was not made in time", true};
  const std::vector<char> sent = test_pattern(kTcpBytes);
  std::vector<char> received(sent.size());
  std::size_t written = 0;
  std::size_t read = 0;
  while (read < sent.size()) {
    const ssize_t out = ::send(connection->sender.get(), sent.data() + written,
                               sent.size() - written, MSG_NOSIGNAL);
    if (out > 0) written += static_cast<std::size_t>(out);
    if (!wait_to_read(connection->receiver, deadline_ns)) break;
    const ssize_t in =
        ::recv(connection->receiver.get(), received.data() + read, received.size() - read, 0);
    if (in <= 0) break;
    read += static_cast<std::size_t>(in);
  }
  if (read == sent.size() && received == sent) return std::nullopt;
  return Finding{
      fmt::format("{}: {} of {} bytes came out, {}", where("a TCP stream", family, ends), read,
                  sent.size(), read == sent.size() ? "changed" : "then it stood still"),
      read != sent.size()};
}

/// What TEST finds. What is late on a busy host is tried again: the offloads are not to blame.
std::optional<std::string> test_with_patience(const std::function<std::optional<Finding>()>& test) {
  constexpr int kMaxTries = 3;
  for (int left = kMaxTries;; --left) {
    const CpuWait cpu_wait;
    const std::optional<Finding> finding = test();
    if (!finding) return std::nullopt;
    if (!finding->is_late || !cpu_wait.is_long()) return finding->text;
    if (left == 1) return finding->text + "; " + cpu_wait.to_string();
  }
}

}  // namespace

std::optional<SelfTestFinding> run_self_test(const TunnelEnds& ends, std::uint32_t mtu_bytes,
                                             const SelfTestScope& scope, const HoldRelay& hold) {
  using Part = SelfTestFinding::Part;
  for (const Direction direction : {Direction::kAToB, Direction::kBToA}) {
    const PathEnds path = ends_of(ends, direction);
    for (const IpFamily family : families_of(ends.a)) {
      std::optional<std::string> fault;
      if (scope.udp_segment)
        fault = test_with_patience([&] { return test_udp_segment({path, family, mtu_bytes}); });
      if (fault) return SelfTestFinding{Part::kUdpSegment, *fault};
      if (scope.merged_udp)
        fault = test_with_patience([&] {
          return test_merged_udp({path, family, mtu_bytes}, hold);
        });
      if (fault) return SelfTestFinding{Part::kMergedUdp, *fault};
      fault = test_with_patience([&] { return test_tcp(path, family); });
      if (fault) return SelfTestFinding{Part::kTcp, *fault};
    }
  }
  return std::nullopt;
}

}  // namespace tunrelay
