// SPDX-License-Identifier: MIT
#include "tunnel/big_tcp_proof.hpp"

#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "route/watch/path_check.hpp"
#include "tunnel/test_pattern.hpp"
#include "tunnel/test_socket.hpp"

namespace tunrelay {
namespace {

/// A sender begins with 10 segments and doubles, and so do the bursts: the fourth or fifth has
/// several super-packets. There are more where the receiver's window is slow to grow.
constexpr int kMaxBursts = 24;
constexpr std::size_t kFirstBurstBytes = 32 * 1024;
constexpr std::size_t kMaxBurstBytes = 512 * 1024;

/// Reno is in every kernel, and does not pace: a paced sender has no bursts.
void send_in_bursts(const FileDescriptor& sender) noexcept {
  constexpr std::string_view kReno = "reno";
  static_cast<void>(
      ::setsockopt(sender.get(), IPPROTO_TCP, TCP_CONGESTION, kReno.data(), kReno.size()));
}

/// One direction and family.
class BurstTest {
 public:
  BurstTest(const PathEnds& ends, IpFamily family) : ends_(ends), family_(family) {}

  /// As prove_big_tcp(). HAS_MERGED: whether the relay has, since the beginning.
  [[nodiscard]] std::optional<std::string> run(const HoldRelay& hold,
                                               const std::function<bool()>& has_merged) {
    auto connection = connect_test_sockets(ends_.source, ends_.target, family_, deadline_ns_);
    if (!connection) return where("a TCP connection") + " was not made in time";
    send_in_bursts(connection->sender);
    std::size_t burst_bytes = kFirstBurstBytes;
    for (int burst = 0; burst < kMaxBursts; ++burst) {
      hold([&] { send_burst(connection->sender, burst_bytes); });
      burst_bytes = std::min(2 * burst_bytes, kMaxBurstBytes);
      if (!receive_all(connection->receiver)) return failure_;
      if (has_merged()) return std::nullopt;
    }
    return fmt::format("{} was never merged", where("a TCP stream"));
  }

 private:
  [[nodiscard]] std::string where(std::string_view what) const {
    return test_place(what, family_, ends_.source, ends_.target);
  }

  void send_burst(const FileDescriptor& sender, std::size_t left) {
    while (left != 0) {
      const std::size_t count = std::min(left, block_.size());
      for (std::size_t at = 0; at < count; ++at) block_[at] = test_byte(sent_bytes_ + at);
      const ssize_t sent = ::send(sender.get(), block_.data(), count, MSG_NOSIGNAL);
      if (sent <= 0) return;  // the socket's buffer is full
      sent_bytes_ += static_cast<std::size_t>(sent);
      left -= static_cast<std::size_t>(sent);
    }
  }

  /// Whether all that was sent so far has arrived, unchanged.
  [[nodiscard]] bool receive_all(const FileDescriptor& receiver) {
    while (received_bytes_ < sent_bytes_) {
      const ssize_t count = wait_to_read(receiver, deadline_ns_)
                                ? ::recv(receiver.get(), block_.data(), block_.size(), 0)
                                : 0;
      if (count <= 0) {
        failure_ = fmt::format("{}: {} of {} bytes came out, then it stood still",
                               where("a TCP stream"), received_bytes_, sent_bytes_);
        return false;
      }
      for (std::size_t at = 0; at < static_cast<std::size_t>(count); ++at)
        if (block_[at] != test_byte(received_bytes_++)) {
          failure_ = where("a TCP stream") + " came out changed";
          return false;
        }
    }
    return true;
  }

  PathEnds ends_;
  IpFamily family_;
  std::int64_t deadline_ns_ = monotonic_ns() + kSelfTestLimitNs;
  std::array<char, 64 * 1024> block_{};
  std::size_t sent_bytes_ = 0;
  std::size_t received_bytes_ = 0;
  std::string failure_;
};

}  // namespace

std::optional<std::string> prove_big_tcp(const TunnelEnds& ends, const HoldRelay& hold,
                                         const BigTcpWrites& writes) {
  for (const Direction direction : {Direction::kAToB, Direction::kBToA})
    for (const IpFamily family : families_of(ends.a)) {
      const std::uint64_t before = writes(direction);
      BurstTest test(ends_of(ends, direction), family);
      if (auto failure = test.run(hold, [&] { return writes(direction) != before; }))
        return failure;
    }
  return std::nullopt;
}

}  // namespace tunrelay
