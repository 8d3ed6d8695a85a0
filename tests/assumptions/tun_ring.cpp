// SPDX-License-Identifier: MIT
#include "assumptions/tun_ring.hpp"

#include <netinet/ip.h>
#include <netinet/udp.h>

#include <array>

#include "base/clock.hpp"
#include "engine/engine.hpp"
#include "engine/uring_compat.hpp"
#include "support/skip.hpp"

namespace tunrelay::test {
namespace {

constexpr std::size_t kPayloadOffset = sizeof(iphdr) + sizeof(udphdr);

FileDescriptor open_end() {
  FileDescriptor queue = open_tun("tun0");
  ip("address add 192.168.13.1/24 dev tun0");
  ip("link set tun0 up");
  return queue;
}

}  // namespace

void TunRingTest::SetUp() {
  TunTest::SetUp();
  if (IsSkipped() || HasFatalFailure()) return;
  const UringSupport support = probe_uring();
  if (!support.available) skip_or_fail(std::string(support.reason));
}

TunRing::TunRing(std::size_t buffers)
    : queue_(open_end()),
      socket_(bind_udp("192.168.13.1", 0)),
      arena_(buffers),
      ring_(64, 256, std::array{queue_.get()}),
      buffers_(ring_, arena_, 0, buffers, 0) {}

void TunRing::arm() {
  prep_read_multishot(ring_.next_entry(), 0, 0);
  ring_.submit();
}

std::vector<Completion> TunRing::completions(std::size_t count, std::int64_t wait_ms) {
  const std::int64_t deadline = monotonic_ns() + wait_ms * kNanosecondsPerMillisecond;
  std::vector<Completion> found;
  do {
    ring_.submit_and_wait(kNanosecondsPerMillisecond);
    ring_.reap([&](const io_uring_cqe& entry) {
      Completion completion{.result = entry.res,
                            .more = (entry.flags & IORING_CQE_F_MORE) != 0,
                            .has_buffer = (entry.flags & IORING_CQE_F_BUFFER) != 0};
      if (completion.has_buffer) {
        const auto buffer = static_cast<BufferId>(entry.flags >> IORING_CQE_BUFFER_SHIFT);
        completion.number = static_cast<std::uint8_t>(arena_.data(buffer)[kPayloadOffset]);
        used_.push_back(buffer);
        buffers_.taken();
      }
      found.push_back(completion);
    });
  } while (found.size() < count && monotonic_ns() < deadline);
  return found;
}

void TunRing::give_back() {
  for (const BufferId buffer : used_) arena_.release(buffer);
  used_.clear();
  buffers_.refill(arena_.slots());
}

void TunRing::send(std::size_t count) {
  if (send_udp(socket_, "192.168.13.2", 9, count, 64) != count)
    throw std::runtime_error("the device did not take all datagrams");
}

}  // namespace tunrelay::test
