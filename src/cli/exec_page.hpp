// SPDX-License-Identifier: MIT
// `exec --top`: the terminal shows the link while the command runs, and what the command prints
// below it. All that was printed meanwhile follows when the page has ended.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "cli/event_loop.hpp"
#include "cli/top_session.hpp"
#include "os/held_output.hpp"
#include "top/top_screen.hpp"

namespace tunrelay {

/// Used by one thread, and made while there is no other.
class ExecPage final : public EventLoopGuest {
 public:
  /// Takes the terminal. From now on what this process prints, and children that it makes, is held
  /// (os/held_output.hpp). Throws Error where there is no terminal.
  explicit ExecPage(std::string command);

  /// The tunnel is ready, and answers ASK.
  void begin(TopSession::Ask ask);
  /// Gives the terminal back, and prints what was held.
  void end() noexcept;

  [[nodiscard]] int fd() const noexcept override;
  [[nodiscard]] std::int64_t due_ns() const noexcept override;
  void take_turn(short events) override;

 private:
  /// False: the user leaves.
  [[nodiscard]] bool show();
  void leave() noexcept;

  std::string command_;
  std::optional<HeldOutput> held_;
  std::optional<TopScreen> screen_;  ///< nothing: the user has left
  std::optional<TopSession> session_;
  std::int64_t printed_ns_ = 0;  ///< after the user has left
};

}  // namespace tunrelay
