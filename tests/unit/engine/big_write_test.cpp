// SPDX-License-Identifier: MIT
// A packet that the target has no memory for goes in its parts.
#include "engine/big_write.hpp"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/socket.h>

#include <array>
#include <cstddef>
#include <vector>

#include "os/file_descriptor.hpp"

namespace tunrelay {
namespace {

constexpr std::size_t kPartBytes = 1000;
constexpr std::size_t kParts = 80;

/// Packets of a stand-in for a device, which takes none that its buffer can't hold (EMSGSIZE).
class BigWriteTest : public ::testing::Test {
 protected:
  BigWriteTest() : bytes_(kParts * kPartBytes) {
    std::array<int, 2> ends{};
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, ends.data()), 0);
    source_ = FileDescriptor(ends[0]);
    target_ = FileDescriptor(ends[1]);
    for (std::size_t at = 0; at < kParts; ++at) {
      const iovec part{.iov_base = bytes_.data() + at * kPartBytes, .iov_len = kPartBytes};
      pieces_.push_back(part);
      parts_.push_back({.bytes = part, .tally = {1, 2, kPartBytes}});
    }
  }

  void take_at_most(int bytes) const {
    ASSERT_EQ(::setsockopt(source_.get(), SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes), 0);
  }
  WriteOutcome write() {
    WriteOutcome outcome;
    Counter system_calls;
    write_big(source_.get(),
              {.endpoint = 0,
               .buffers = {},
               .tally = {kParts, 2 * kParts, kParts * kPartBytes},
               .pieces = pieces_,
               .merged = Merged::kBigTcp,
               .parts = parts_},
              outcome, system_calls);
    return outcome;
  }
  /// The sizes of the packets that have arrived.
  [[nodiscard]] std::vector<ssize_t> arrived() const {
    std::vector<ssize_t> sizes;
    std::vector<std::byte> packet(kParts * kPartBytes);
    for (;;) {
      const ssize_t size = ::recv(target_.get(), packet.data(), packet.size(), 0);
      if (size <= 0) return sizes;
      sizes.push_back(size);
    }
  }

  std::vector<std::byte> bytes_;
  std::vector<iovec> pieces_;
  std::vector<WritePart> parts_;
  FileDescriptor source_;
  FileDescriptor target_;
};

TEST_F(BigWriteTest, IsOnePacket) {
  const WriteOutcome outcome = write();
  EXPECT_EQ(outcome.written, (Tally{kParts, 2 * kParts, kParts * kPartBytes}));
  EXPECT_FALSE(outcome.any_dropped);
  EXPECT_EQ(outcome.split_big_tcp, 0U);
  EXPECT_EQ(arrived(), std::vector<ssize_t>{kParts * kPartBytes});
}

TEST_F(BigWriteTest, GoesInPartsWhereThereIsNoMemoryForTheWhole) {
  take_at_most(32 * 1024);
  const WriteOutcome outcome = write();
  const std::size_t count = arrived().size();
  EXPECT_GT(count, 1U);
  EXPECT_EQ(outcome.split_big_tcp, 1U);
  EXPECT_EQ(outcome.written, (Tally{count, 2 * count, count * kPartBytes}));
  // What the target's queue can't take is dropped as any packet would be, and refused by nobody.
  const std::size_t lost = kParts - count;
  EXPECT_EQ(outcome.dropped[static_cast<std::size_t>(DropReason::kTargetFull)],
            (Tally{lost, 2 * lost, lost * kPartBytes}));
  EXPECT_EQ(outcome.refused_merged[static_cast<std::size_t>(Merged::kBigTcp)], 0U);
}

TEST_F(BigWriteTest, IsRefusedAsAWhole) {
  target_.reset();
  struct sigaction ignore {};
  ignore.sa_handler = SIG_IGN;
  ASSERT_EQ(::sigaction(SIGPIPE, &ignore, nullptr), 0);
  const WriteOutcome outcome = write();
  EXPECT_EQ(outcome.dropped[static_cast<std::size_t>(DropReason::kTargetGone)].packets, kParts);
}

}  // namespace
}  // namespace tunrelay
