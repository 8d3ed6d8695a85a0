// SPDX-License-Identifier: MIT
// A receiving thread's loop: takes messages in, and sends them back where that is requested.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "gen/load_spec.hpp"
#include "gen/message.hpp"
#include "gen/receive_statistics.hpp"
#include "os/file_descriptor.hpp"

namespace tunrelay {

/// Used by one thread; run() neither throws nor allocates.
class Receiver {
 public:
  virtual ~Receiver() = default;
  /// Until STOP is set: who sets it has waited for what was under way.
  virtual void run() noexcept = 0;
};

/// What receivers have in common. All of it must outlive the receiver.
struct ReceiverParts {
  const LoadSpec& spec;
  const PayloadPattern& pattern;
  ReceiveStatistics& statistics;
  const std::atomic<bool>& stop;
  bool echo = false;  ///< send each message back
};

/// SOCKETS: bound, one or several.
[[nodiscard]] std::unique_ptr<Receiver> make_udp_receiver(
    const ReceiverParts& parts, const std::vector<FileDescriptor>& sockets);
/// LISTENER: its connections are taken in. CONNECTIONS: connected already. One of the two may be
/// closed or empty.
[[nodiscard]] std::unique_ptr<Receiver> make_tcp_receiver(
    const ReceiverParts& parts, const FileDescriptor& listener,
    const std::vector<FileDescriptor>& connections);
/// Connections that carry one request and one response each.
[[nodiscard]] std::unique_ptr<Receiver> make_connection_receiver(const ReceiverParts& parts,
                                                                 const FileDescriptor& listener);

}  // namespace tunrelay
