// SPDX-License-Identifier: MIT
// The log that mahimahi's mm-link writes (src/frontend/link_queue.cc there), for its users'
// scripts: a file a direction, a line an event, times and delays in whole milliseconds.
//   T + BYTES          a packet came to the link's queue
//   T - BYTES DELAY    it left the link, DELAY after it had come
//   T # BYTES          the link could have carried that many
//   T d PACKETS BYTES  the queue dropped them
// Workers only note events in rings; a thread of its own writes. What a ring has no room for is
// counted.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/counter.hpp"
#include "base/direction.hpp"
#include "capture/capture_ring.hpp"
#include "os/file_descriptor.hpp"
#include "sandbox/thread_sandbox.hpp"
#include "stage/link_pace.hpp"
#include "stage/stage_tap.hpp"

namespace tunrelay {

struct MahimahiLogReport {
  std::array<std::string, kDirections> files;
  std::uint64_t lines = 0;  ///< of events
  std::uint64_t lost = 0;   ///< events that came faster than they could be written
  std::string failure;      ///< why nothing is written any more; empty: it is, or it has ended
};

/// Used by one thread, but for what says otherwise.
class MahimahiLog {
 public:
  /// RIGHTS: what its thread gives up. Opens PREFIX.uplink (a to b) and PREFIX.downlink (b to a);
  /// what stood there is gone. Throws Error.
  MahimahiLog(const std::string& prefix, std::string application, ThreadRights rights = {});
  /// As finish().
  ~MahimahiLog();
  MahimahiLog(const MahimahiLog&) = delete;
  MahimahiLog& operator=(const MahimahiLog&) = delete;

  /// What shows it a stage's packets; it may outlive the log. Any thread.
  [[nodiscard]] std::shared_ptr<StageTap> make_tap(std::size_t direction);

  /// The link of limited speed that a direction is.
  struct Link {
    std::string text;                ///< its stage; empty: there is none
    std::unique_ptr<LinkPace> pace;  ///< null: there is none
  };
  using Links = std::array<Link, kDirections>;
  /// Writes the heads, whose times count from ZERO_NS (CLOCK_MONOTONIC), and starts the thread.
  void begin(Links links, std::int64_t zero_ns);
  /// The links are these from now on. After begin().
  void change_links(Links links);
  /// Writes what is in the rings. To be called when no stage shows packets any more. Idempotent.
  void finish() noexcept;

  /// Any thread.
  [[nodiscard]] MahimahiLogReport report() const;
  [[nodiscard]] bool has_failed() const;

 private:
  class Source;  ///< a tap and its ring
  struct LogEvent;

  struct File {
    std::string path;
    FileDescriptor file;
    std::string unwritten;
    std::unique_ptr<LinkPace> pace;
    std::int64_t offered_until_ns = 0;    ///< opportunities are written until then
    std::uint64_t offered_bits_left = 0;  ///< less than a byte
  };

  void run();
  void write_events(std::size_t direction);
  [[nodiscard]] bool take_events(std::size_t direction);
  void write_event(File& file, const LogEvent& event);
  void write_opportunities(File& file, std::int64_t until_ns);
  void write_head(File& file, std::size_t direction, const std::string& link) const;
  void write(const File& file, const std::string& text);
  [[nodiscard]] std::int64_t milliseconds(std::int64_t time_ns) const noexcept;

  const std::string application_;
  std::int64_t zero_ns_ = 0;

  mutable std::mutex mutex_;  ///< of files and report, but not while they are written
  std::array<File, kDirections> files_;
  MahimahiLogReport report_;

  /// Of all below: held for moments alone, since workers take it where they make a tap.
  mutable std::mutex sources_mutex_;
  std::array<std::vector<std::shared_ptr<Source>>, kDirections> sources_;
  std::uint64_t lost_before_ = 0;  ///< by sources that are gone

  std::atomic<bool> stopping_{false};
  ThreadRights rights_;
  std::thread thread_;
};

}  // namespace tunrelay
