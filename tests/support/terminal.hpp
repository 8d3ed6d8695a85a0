// SPDX-License-Identifier: MIT
// A real terminal for a test, tmux's: what it shows, and keys for it.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "support/process.hpp"
#include "support/program.hpp"
#include "support/running_tunnel.hpp"
#include "support/temporary_folder.hpp"

namespace tunrelay::test {

/// A terminal with a shell command in it, which stays when that has ended.
class Terminal {
 public:
  Terminal(int columns, int rows, const std::string& command, const std::string& environment = "") {
    output_of({"tmux", "-S", socket_, "-f", "/dev/null", "new-session", "-d", "-x",
               std::to_string(columns), "-y", std::to_string(rows),
               "env LC_ALL=C.UTF-8 " + environment + " " + command +
                   "; echo \"ended with $?\"; sleep 60"});
  }
  ~Terminal() { run({"tmux", "-S", socket_, "kill-server"}); }
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  [[nodiscard]] std::string picture(bool with_colours = false) const {
    std::vector<std::string> command{"tmux", "-S", socket_, "capture-pane", "-p"};
    if (with_colours) command.emplace_back("-e");
    return run(command).standard_output;
  }
  /// The same with what has left at the top.
  [[nodiscard]] std::string history() const {
    return run({"tmux", "-S", socket_, "capture-pane", "-p", "-S", "-", "-J"}).standard_output;
  }
  void type(const std::vector<std::string>& keys) const {
    std::vector<std::string> command{"tmux", "-S", socket_, "send-keys"};
    command.insert(command.end(), keys.begin(), keys.end());
    output_of(command);
  }
  void resize(int columns, int rows) const {
    output_of({"tmux", "-S", socket_, "resize-window", "-x", std::to_string(columns), "-y",
               std::to_string(rows)});
  }
  /// Whether TEXT appears.
  [[nodiscard]] bool shows(const std::string& text,
                           std::chrono::seconds limit = std::chrono::seconds(10)) const {
    return eventually(limit, [&] { return picture().find(text) != std::string::npos; });
  }

 private:
  const TemporaryFolder folder_;
  const std::string socket_ = folder_ / "tmux";
};

}  // namespace tunrelay::test
