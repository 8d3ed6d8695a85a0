// SPDX-License-Identifier: MIT
// A capture: the packets of a relay in a pcapng file that Wireshark reads, an interface a device,
// each packet as it comes in and as it leaves or is dropped, joined by its id. Workers only copy
// bytes into rings; a thread of its own makes blocks of them and writes. What a ring has no room
// for is counted, in the file too.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "capture/capture_files.hpp"
#include "capture/capture_options.hpp"
#include "capture/capture_source.hpp"
#include "capture/wire_cutter.hpp"

namespace tunrelay {

/// What a capture has done so far.
struct CaptureReport {
  std::string file;  ///< the newest
  std::size_t files = 0;
  std::uint64_t bytes = 0;
  std::uint64_t packets = 0;   ///< in the files: each as it came and as it went, so twice
  std::uint64_t lost = 0;      ///< wanted, but came faster than they could be written
  std::uint64_t filtered = 0;  ///< not wanted by the filter
  std::string failure;         ///< why it has ended early; empty: it has not
};

class Capture {
 public:
  /// Opens the file and starts the thread. Throws Error.
  Capture(const CaptureOptions& options, const CaptureSite& site);
  /// Writes to PIPE, which NAME describes, instead of options.file.
  Capture(const CaptureOptions& options, const CaptureSite& site, FileDescriptor pipe);
  /// As finish().
  ~Capture();
  Capture(const Capture&) = delete;
  Capture& operator=(const Capture&) = delete;

  /// What a relay's lane shows its packets to. DEVICE: the lane's source, 0 or 1. The capture must
  /// outlive it.
  [[nodiscard]] std::unique_ptr<PacketTap> make_tap(std::uint8_t device, std::size_t queue) {
    return sources_.at(queue)->make_tap(device);
  }

  /// Writes what is in the rings and ends the file. To be called when the relay shows no more
  /// packets. Idempotent.
  void finish() noexcept;

  /// Any thread.
  [[nodiscard]] CaptureReport report() const;
  /// Any thread: whether writing has failed. The capture then takes packets only to forget them.
  [[nodiscard]] bool failed() const noexcept { return failed_.load(std::memory_order_acquire); }

 private:
  Capture(const CaptureOptions& options, const CaptureSite& site,
          std::unique_ptr<CaptureFiles> files);

  void run();
  void give_up_rights_of_writer(const CaptureSite& site) const;
  /// LAST: no more will come.
  void take_records(bool last);
  /// Whose next record is the next of the file; null while there is none, or an older one may come.
  [[nodiscard]] CaptureSource* next_source(std::int64_t settled_ns) noexcept;
  void write_record(std::span<std::byte> record);
  void write_packet(const PcapngPacket& packet);
  void rotate();
  void publish_report();
  [[nodiscard]] PcapngBytes ending() const;

  CaptureOptions options_;
  WireCutter cutter_;
  std::int64_t wall_offset_ns_;                          ///< from CLOCK_MONOTONIC to CLOCK_REALTIME
  std::int64_t begin_ns_;                                ///< CLOCK_MONOTONIC
  std::vector<std::unique_ptr<CaptureSource>> sources_;  ///< by queue
  std::unique_ptr<CaptureFiles> files_;
  std::int64_t file_begin_ns_;
  std::uint64_t file_packets_ = 0;
  std::array<std::uint64_t, 2> delivered_{};  ///< by device

  mutable std::mutex report_mutex_;
  CaptureReport report_;  ///< guarded by report_mutex_
  std::atomic<bool> failed_{false};
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

}  // namespace tunrelay
