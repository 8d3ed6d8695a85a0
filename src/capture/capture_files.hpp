// SPDX-License-Identifier: MIT
// The files of a capture: whole blocks go in, files that anyone can read come out, one after the
// other where they rotate. When the disk is full or a reader has gone, what was written stays
// readable, and writing ends.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <string>

#include "capture/pcapng.hpp"
#include "os/file_descriptor.hpp"

namespace tunrelay {

/// Used by one thread.
class CaptureFiles {
 public:
  struct Options {
    std::string file;  ///< "-": standard output
    bool rotates = false;
    std::size_t files = 0;  ///< the newest ones that are kept; 0: all
  };
  /// Says what stands at the end of a file; always as many bytes.
  using Ending = std::function<PcapngBytes()>;
  /// Called while a pipe is full: whether to give up rather than to wait.
  using GiveUp = std::function<bool()>;

  /// Opens the first file. HEADER begins each. Throws Error.
  CaptureFiles(Options options, PcapngBytes header);
  /// The same with FILE, an open file or pipe, in the place of a name; NAME is for messages.
  CaptureFiles(FileDescriptor file, std::string name, PcapngBytes header);

  void use(GiveUp give_up) { give_up_ = std::move(give_up); }

  /// Where the next blocks are put; flush() writes them. They are dropped once writing has failed.
  [[nodiscard]] PcapngBytes& blocks() noexcept { return blocks_; }
  void flush(const Ending& ending);
  /// Ends this file and begins the next.
  void rotate(const Ending& ending);
  /// Ends the last file.
  void end(const Ending& ending);

  /// Of the present file, with what is still to be written.
  [[nodiscard]] std::uint64_t file_bytes() const noexcept { return file_bytes_ + blocks_.size(); }
  [[nodiscard]] std::uint64_t written_bytes() const noexcept { return written_bytes_; }
  [[nodiscard]] std::size_t opened() const noexcept { return opened_; }
  /// The newest.
  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  [[nodiscard]] bool failed() const noexcept { return !failure_.empty(); }
  /// Why writing has ended early; empty while it has not.
  [[nodiscard]] const std::string& failure() const noexcept { return failure_; }
  /// Packets that were in blocks() when writing failed, and are in no file.
  [[nodiscard]] const std::array<std::uint64_t, 2>& packets_unwritten() const noexcept {
    return packets_unwritten_;
  }

 private:
  void open_next();
  void begin_file();
  [[nodiscard]] std::size_t write_some(const std::byte* bytes, std::size_t count);
  void shorten_to(std::uint64_t file_bytes) noexcept;
  void fail(int system_errno, std::size_t written, const Ending& ending);

  Options options_;
  PcapngBytes header_;
  PcapngBytes blocks_;
  FileDescriptor file_;
  GiveUp give_up_;
  std::string name_;
  std::deque<std::string> kept_names_;
  std::string failure_;
  std::size_t opened_ = 0;
  std::uint64_t begin_bytes_ =
      0;  ///< where in the file we begin: standard output may be behind others
  std::uint64_t file_bytes_ = 0;
  std::uint64_t written_bytes_ = 0;
  std::array<std::uint64_t, 2> packets_unwritten_{};  ///< by interface
  bool is_regular_ = false;
};

}  // namespace tunrelay
