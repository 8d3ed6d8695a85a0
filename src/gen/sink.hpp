// SPDX-License-Identifier: MIT
// The receiving end of a load: its sockets, and a thread for each share of the flows.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "base/ip_address.hpp"
#include "gen/load_report.hpp"
#include "gen/load_spec.hpp"
#include "gen/receive_statistics.hpp"
#include "gen/receiver.hpp"
#include "gen/thread_group.hpp"
#include "os/file_descriptor.hpp"

namespace tunrelay {

/// Made, started and finished by one thread.
class Sink {
 public:
  /// Opens the sockets on ADDRESS, ports of the kernel's choice. TRIAL: which messages are ours;
  /// below kCountsBit. Throws Error.
  Sink(const LoadSpec& spec, const IpAddress& address, std::uint16_t trial);

  /// A port for each thread's share of the flows.
  [[nodiscard]] const std::vector<std::uint16_t>& ports() const noexcept { return ports_; }
  void start();
  /// What has come so far; any thread.
  [[nodiscard]] LiveTotals live() const noexcept;
  [[nodiscard]] ReceiveReport received() const;
  /// Ends the threads, whatever still comes: from here on received() is final.
  void finish() { threads_.join(); }

 private:
  LoadSpec spec_;
  PayloadPattern pattern_;
  std::vector<std::vector<FileDescriptor>> sockets_;  ///< by thread; TCP: the listener
  std::vector<std::uint16_t> ports_;
  std::vector<FileDescriptor> no_connections_;
  std::vector<std::unique_ptr<ReceiveStatistics>> thread_statistics_;
  std::vector<std::unique_ptr<Receiver>> receivers_;
  ThreadGroup threads_;  ///< behind all that they use, so that they end before it goes
};

}  // namespace tunrelay
