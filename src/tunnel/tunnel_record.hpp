// SPDX-License-Identifier: MIT
// The records of a tunnel: one at a time, the newest of which is reported.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "os/file_descriptor.hpp"
#include "record/recorder.hpp"
#include "tunnel/relay_accounts.hpp"
#include "tunnel/tunnel_event.hpp"

namespace tunrelay {

/// What ACCOUNTS have counted so far; any thread.
[[nodiscard]] RelayReading read_relay(const RelayAccounts& accounts);

/// Used by one thread.
class TunnelRecord {
 public:
  /// Opens the file, or takes FILE where it is open. Throws Error: it can't be written, or a record
  /// runs.
  void open(const RecordOptions& options, FileDescriptor file = {});
  /// Begins to record what was opened, if anything was. ACCOUNTS must stay until end().
  void begin(const Recorder::Beginning& beginning, const EmulatedLink& link,
             const RelayAccounts& accounts);
  [[nodiscard]] bool runs() const noexcept { return recorder_ != nullptr; }
  /// Nothing can be written any more.
  [[nodiscard]] bool has_failed() const {
    return recorder_ && !recorder_->report().failure.empty();
  }

  void change_link(const EmulatedLink& link);
  void note(const std::vector<TunnelEvent>& events);
  void note(std::string_view kind, std::string_view text);
  /// Throws a usage Error where no record runs.
  void mark(std::string_view text);

  /// Writes what is left. What was recorded; nothing when none runs.
  std::optional<RecordReport> end() noexcept;
  /// Of the one that runs, or of the newest.
  [[nodiscard]] std::optional<RecordReport> report() const;

 private:
  std::unique_ptr<Recorder> recorder_;
  std::optional<RecordReport> ended_;
};

/// What the user is to know of a record that has ended before its time.
[[nodiscard]] TunnelEvent failure_event(const RecordReport& ended);

}  // namespace tunrelay
