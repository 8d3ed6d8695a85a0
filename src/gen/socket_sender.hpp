// SPDX-License-Identifier: MIT
// Where a sending thread's messages go: a socket a flow. One class a transport.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "gen/message.hpp"
#include "os/file_descriptor.hpp"

namespace tunrelay {

/// Used by one thread; nothing is allocated after construction.
class SocketSender {
 public:
  virtual ~SocketSender() = default;
  /// Sends the messages that begin with HEADER, COUNT of them with the sequences from its own
  /// on, SIZE bytes each. Returns 0 or an errno; ECANCELED: STOP was set meanwhile.
  [[nodiscard]] virtual int send(std::size_t flow_index, const MessageHeader& header,
                                 std::uint32_t size_bytes, std::uint32_t count) noexcept = 0;
};

/// SOCKETS: connected, by the flow's index in the thread. They, the pattern and STOP must outlive
/// the sender. SEGMENTS: the most COUNT that send() is called with.
[[nodiscard]] std::unique_ptr<SocketSender> make_udp_sender(
    const std::vector<FileDescriptor>& sockets, const PayloadPattern& pattern,
    std::uint32_t segments);
/// TCP, framed as gen/tcp_message.hpp has it.
[[nodiscard]] std::unique_ptr<SocketSender> make_tcp_sender(
    const std::vector<FileDescriptor>& sockets, const PayloadPattern& pattern,
    const std::atomic<bool>& stop);

}  // namespace tunrelay
