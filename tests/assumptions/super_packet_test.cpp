// SPDX-License-Identifier: MIT
// A super-packet that the kernel hands over at one TUN passes the other one unsegmented and
// without a checksum: the whole gain of offloads.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <thread>
#include <vector>

#include "assumptions/crossing.hpp"
#include "assumptions/tun.hpp"
#include "support/sockets.hpp"

namespace tunrelay::test {
namespace {

constexpr std::size_t kSentBytes = 8U << 20;

class SuperPacketTest : public TunTest {};

/// Byte AT of the stream.
char stream_byte(std::size_t at) {
  return static_cast<char>(at * 31 + at / 4096);
}

/// Takes one connection and returns how many bytes of the stream arrived as they were sent.
std::size_t receive_stream(int listener) {
  const FileDescriptor connection(::accept(listener, nullptr, nullptr));
  std::vector<char> piece(1U << 16);
  std::size_t received = 0;
  for (ssize_t length = 0; (length = ::read(connection.get(), piece.data(), piece.size())) > 0;)
    for (ssize_t at = 0; at < length; ++at)
      if (piece[static_cast<std::size_t>(at)] != stream_byte(received++)) return received - 1;
  return received;
}

void send_stream(int socket) {
  std::vector<char> stream(kSentBytes);
  for (std::size_t at = 0; at < stream.size(); ++at) stream[at] = stream_byte(at);
  for (std::size_t at = 0; at < stream.size();) {
    const ssize_t sent = ::write(socket, stream.data() + at, stream.size() - at);
    if (sent <= 0) return;
    at += static_cast<std::size_t>(sent);
  }
}

TEST_F(SuperPacketTest, CrossesUnsegmentedAndIntact) {
  const Crossing crossing;
  apply_policy_routes();
  const FileDescriptor listener = bound_socket(kAddressB, SOCK_STREAM);
  ASSERT_EQ(::listen(listener.get(), 1), 0);
  std::size_t received = 0;
  std::thread receiver([&] { received = receive_stream(listener.get()); });
  {
    const FileDescriptor sender = bound_socket(kAddressA, SOCK_STREAM);
    connect_socket(sender, name_of(listener));
    send_stream(sender.get());
  }
  receiver.join();
  EXPECT_EQ(received, kSentBytes);
  EXPECT_GT(crossing.super_packets(), 0U);
  EXPECT_GT(crossing.largest_bytes(), 20000U) << "at an MTU of 1500";
}

}  // namespace
}  // namespace tunrelay::test
