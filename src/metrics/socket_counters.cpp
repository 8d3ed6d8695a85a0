// SPDX-License-Identifier: MIT
#include "metrics/socket_counters.hpp"

#include <fcntl.h>

#include <sstream>
#include <string>

#include "os/text_file.hpp"

namespace tunrelay {
namespace {

/// A file of the calling thread's network namespace; not open where there is none.
FileDescriptor open_network_file(const std::string& name) {
  return FileDescriptor(::open(("/proc/thread-self/net/" + name).c_str(), O_RDONLY | O_CLOEXEC));
}

}  // namespace

SocketCounters& SocketCounters::operator+=(const SocketCounters& other) noexcept {
  udp_receive_drops += other.udp_receive_drops;
  tcp_receive_drops += other.tcp_receive_drops;
  tcp_retransmitted_segments += other.tcp_retransmitted_segments;
  return *this;
}

SocketCounters& SocketCounters::operator-=(const SocketCounters& other) noexcept {
  udp_receive_drops -= other.udp_receive_drops;
  tcp_receive_drops -= other.tcp_receive_drops;
  tcp_retransmitted_segments -= other.tcp_retransmitted_segments;
  return *this;
}

SocketCounterReader::SocketCounterReader()
    : ipv4_(open_network_file("snmp")),
      ipv6_(open_network_file("snmp6")),
      extended_(open_network_file("netstat")) {}

SocketCounters SocketCounterReader::read() const {
  const std::string ipv4 = read_text_again(ipv4_);
  const std::string ipv6 = read_text_again(ipv6_);
  const std::string extended = read_text_again(extended_);
  SocketCounters counters;
  counters.udp_receive_drops =
      counter_in_table(ipv4, "Udp", "RcvbufErrors") + counter_in_list(ipv6, "Udp6RcvbufErrors");
  // The kernel counts TCP over both families together.
  for (const char* name : {"TCPBacklogDrop", "TCPRcvQDrop"})
    counters.tcp_receive_drops += counter_in_table(extended, "TcpExt", name);
  counters.tcp_retransmitted_segments = counter_in_table(ipv4, "Tcp", "RetransSegs");
  return counters;
}

std::uint64_t counter_in_table(std::string_view table, std::string_view protocol,
                               std::string_view name) {
  std::istringstream lines{std::string(table)};
  const std::string head = std::string(protocol) + ":";
  for (std::string titles; std::getline(lines, titles);) {
    if (!titles.starts_with(head)) continue;
    std::string numbers;
    std::getline(lines, numbers);
    std::istringstream title_text(titles);
    std::istringstream number_text(numbers);
    std::string title;
    std::string number;
    while (title_text >> title && number_text >> number)
      if (title == name) return std::stoull(number);
    return 0;
  }
  return 0;
}

std::uint64_t counter_in_list(std::string_view list, std::string_view name) {
  std::istringstream words{std::string(list)};
  std::string title;
  std::uint64_t number = 0;
  while (words >> title >> number)
    if (title == name) return number;
  return 0;
}

}  // namespace tunrelay
