// SPDX-License-Identifier: MIT
// UDP from many flows at once, for tools/measure-cost: FLOWS sockets, a source port each, send
// in turn as fast as they can, and one socket receives. Prints what went out and what came in
// as JSON.
//
//   flow_load FLOWS SECONDS PAYLOAD_BYTES FROM TO       (IPv4 addresses of this network)
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <thread>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "os/file_descriptor.hpp"

namespace tunrelay::bench {
namespace {

constexpr std::uint16_t kPort = 7000;
constexpr int kReceiveBufferBytes = 4 << 20;

sockaddr_in address_of(const char* text, std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  if (::inet_pton(AF_INET, text, &address.sin_addr) != 1)
    throw_usage_error("read the address", text, "it is none of IPv4");
  return address;
}

/// Bound to FROM, and connected to TO where there is one.
FileDescriptor udp_socket(const sockaddr_in& from, const sockaddr_in* to) {
  FileDescriptor made(
      check_system_call(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), "make", "a UDP socket"));
  check_system_call(::bind(made.get(), reinterpret_cast<const sockaddr*>(&from), sizeof from),
                    "bind", "a UDP socket");
  if (to != nullptr)
    check_system_call(::connect(made.get(), reinterpret_cast<const sockaddr*>(to), sizeof *to),
                      "connect", "a UDP socket");
  return made;
}

void allow_many_files(std::size_t count) {
  const rlimit limit{.rlim_cur = count + 64, .rlim_max = count + 64};
  if (count > 512) check_system_call(::setrlimit(RLIMIT_NOFILE, &limit), "open", "many sockets");
}

std::uint64_t receive_until(const FileDescriptor& socket, const std::atomic<bool>& stopping) {
  const timeval limit{.tv_sec = 0, .tv_usec = 100'000};
  ::setsockopt(socket.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  ::setsockopt(socket.get(), SOL_SOCKET, SO_RCVBUFFORCE, &kReceiveBufferBytes,
               sizeof kReceiveBufferBytes);
  std::array<std::byte, 65536> buffer;
  std::uint64_t received = 0;
  for (;;) {
    if (::recv(socket.get(), buffer.data(), buffer.size(), 0) >= 0)
      ++received;
    else if (stopping.load(std::memory_order_relaxed))
      return received;
  }
}

std::uint64_t send_in_turn(const std::vector<FileDescriptor>& flows, std::size_t payload_bytes,
                           std::int64_t duration_ns) {
  const std::vector<std::byte> payload(payload_bytes);
  const std::int64_t end_ns = monotonic_ns() + duration_ns;
  std::uint64_t sent = 0;
  constexpr std::uint64_t kSendsBetweenLooks = 64;
  for (std::size_t flow = 0;; flow = (flow + 1) % flows.size()) {
    if (::send(flows[flow].get(), payload.data(), payload.size(), 0) >= 0) ++sent;
    if (sent % kSendsBetweenLooks == 0 && monotonic_ns() >= end_ns) return sent;
  }
}

void run(const std::vector<const char*>& arguments) {
  const auto flow_count = static_cast<std::size_t>(std::atoi(arguments[1]));
  const std::int64_t duration_ns = std::atoi(arguments[2]) * kNanosecondsPerSecond;
  const auto payload_bytes = static_cast<std::size_t>(std::atoi(arguments[3]));
  const sockaddr_in from = address_of(arguments[4], 0);
  const sockaddr_in to = address_of(arguments[5], kPort);
  allow_many_files(flow_count);
  const FileDescriptor receiver = udp_socket(to, nullptr);
  std::vector<FileDescriptor> flows;
  for (std::size_t flow = 0; flow < flow_count; ++flow) flows.push_back(udp_socket(from, &to));
  std::atomic<bool> stopping{false};
  std::uint64_t received = 0;
  std::thread reader([&] { received = receive_until(receiver, stopping); });
  const std::uint64_t sent = send_in_turn(flows, payload_bytes, duration_ns);
  stopping.store(true, std::memory_order_relaxed);
  reader.join();
  std::printf("{\"sent_packets\": %llu, \"received_packets\": %llu}\n",
              static_cast<unsigned long long>(sent), static_cast<unsigned long long>(received));
}

}  // namespace
}  // namespace tunrelay::bench

int main(int argc, char** argv) try {
  const std::vector<const char*> arguments(argv, argv + argc);
  if (arguments.size() != 6) {
    std::fputs("usage: flow_load FLOWS SECONDS PAYLOAD_BYTES FROM TO\n", stderr);
    return 2;
  }
  tunrelay::bench::run(arguments);
  return 0;
} catch (const std::exception& error) {
  std::fprintf(stderr, "flow_load: %s\n", error.what());
  return 1;
}
