// SPDX-License-Identifier: MIT
// What this process and its children print while a page has the terminal: held in a file that has
// no name, and printed afterwards.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include "os/file_descriptor.hpp"

namespace tunrelay {

/// One at a time, used by one thread, to be made before there is another.
class HeldOutput {
 public:
  /// From now on what goes to standard output and to standard error is held, where they are a
  /// terminal; so is that of children made from now on. Throws Error.
  HeldOutput();
  /// As give_back(), and prints what is held.
  ~HeldOutput();
  HeldOutput(const HeldOutput&) = delete;
  HeldOutput& operator=(const HeldOutput&) = delete;

  /// Where standard output would go.
  [[nodiscard]] int terminal() const noexcept { return former_[0].get(); }
  /// The last BYTES of what was written so far, at most.
  [[nodiscard]] std::string tail(std::size_t bytes) const;
  /// This process prints as before; its children, whose output is held, go on as they are.
  void give_back() noexcept;
  /// Prints what is held and was not printed. What the terminal does not take within PATIENCE_NS,
  /// or before a stop signal, is held on.
  void print(std::int64_t patience_ns) noexcept;

 private:
  [[nodiscard]] std::string read(std::uint64_t at, std::size_t bytes) const;

  FileDescriptor file_;
  std::array<FileDescriptor, 2> former_;  ///< standard output and error; closed: not held
  std::uint64_t printed_bytes_ = 0;
  bool is_given_back_ = false;
};

}  // namespace tunrelay
