// SPDX-License-Identifier: MIT
// The sending end of a load: its sockets, a sending thread for each share of the flows, and a
// receiving one where responses come in an open loop.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/ip_address.hpp"
#include "gen/load_report.hpp"
#include "gen/load_spec.hpp"
#include "gen/receive_statistics.hpp"
#include "gen/receiver.hpp"
#include "gen/sender.hpp"
#include "gen/socket_sender.hpp"
#include "gen/thread_group.hpp"
#include "os/file_descriptor.hpp"

namespace tunrelay {

/// Where a source sends: the sink's address, and its port for each thread.
struct SinkName {
  IpAddress address;
  std::vector<std::uint16_t> ports;
};

/// Made, started and finished by one thread.
class Source {
 public:
  /// Opens and connects the sockets, from ADDRESS. TRIAL: as the sink's. Throws Error.
  Source(const LoadSpec& spec, const IpAddress& address, const SinkName& sink, std::uint16_t trial);

  /// The first message goes at BEGIN_NS of CLOCK_MONOTONIC.
  void start(std::int64_t begin_ns);
  /// Some sender is at work.
  [[nodiscard]] bool is_sending() const noexcept { return senders_at_work_.running() != 0; }
  [[nodiscard]] bool has_responses() const noexcept { return spec_.has_responses(); }
  /// Cuts the sending short.
  void stop() noexcept { senders_at_work_.ask_to_stop(); }
  /// What has gone, and which responses have come, so far; any thread.
  [[nodiscard]] LiveTotals live() const noexcept;
  [[nodiscard]] LiveTotals live_responses() const noexcept;
  [[nodiscard]] SendReport sent() const;
  [[nodiscard]] ReceiveReport responses() const;
  /// What TCP uses; empty for UDP.
  [[nodiscard]] const std::string& congestion_control() const noexcept {
    return congestion_control_;
  }
  /// Waits for the senders, then ends the receiving of responses: from here on sent() and
  /// responses() are final.
  void finish();

 private:
  void open_flows(const IpAddress& address, const SinkName& sink);
  void make_thread(std::size_t thread, const IpAddress& address, const SinkName& sink,
                   std::uint16_t trial);

  LoadSpec spec_;
  PayloadPattern pattern_;
  std::uint16_t trial_;
  std::vector<std::vector<FileDescriptor>> sockets_;  ///< by thread and the flow's index in it
  std::vector<std::unique_ptr<ReceiveStatistics>> thread_statistics_;
  std::vector<std::unique_ptr<SocketSender>> socket_senders_;
  std::vector<std::unique_ptr<Receiver>> receivers_;
  std::vector<std::unique_ptr<Sender>> senders_;
  FileDescriptor no_listener_;
  std::string congestion_control_;
  // Behind all that they use, so that they end before it goes.
  ThreadGroup receivers_at_work_;
  ThreadGroup senders_at_work_;
};

}  // namespace tunrelay
