// SPDX-License-Identifier: MIT
// What `tunrelay top` and `exec --top` have in common: a relay's answers as frames on a terminal,
// and keys as what the user wants of it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/clock.hpp"
#include "base/direction.hpp"
#include "top/line_editor.hpp"
#include "top/top_frame.hpp"
#include "top/top_sample.hpp"
#include "top/top_screen.hpp"

namespace tunrelay {

inline constexpr std::int64_t kTopIntervalNs = 500 * kNanosecondsPerMillisecond;

/// Used by one thread.
class TopSession {
 public:
  /// Has the relay answer a request (control/tunnel_service.hpp), with which a descriptor goes,
  /// unless negative. Throws Error.
  using Ask = std::function<nlohmann::json(const nlohmann::json& request, int passed)>;

  /// Looks at once: a relay of another version is an error before the screen is taken.
  TopSession(Ask ask, std::int64_t interval_ns);

  /// When it looks next (CLOCK_MONOTONIC).
  [[nodiscard]] std::int64_t due_ns() const noexcept { return due_ns_; }
  /// Takes the keys that were pressed, looks when that is due, and draws. False: the user leaves.
  /// Throws Error when the relay does not answer.
  [[nodiscard]] bool take_turn(TopScreen& screen);
  /// What COMMAND, which the page belongs to, has printed last, for the next frame.
  void show_command(std::string command, std::vector<std::string> output);

 private:
  void look();
  void draw(TopScreen& screen);
  /// Whether to go on.
  [[nodiscard]] bool take(const TopKey& key);
  void edit(const TopKey& key);
  void change_link();

  Ask ask_;
  std::int64_t interval_ns_;
  std::int64_t due_ns_ = 0;
  TopHistory history_;
  TopView view_;
  std::optional<LineEditor> prompt_;
  std::array<std::optional<std::string>, kDirections> refused_;  ///< as the user wrote it
  std::size_t changed_ = 0;  ///< the direction that the prompt is for
};

}  // namespace tunrelay
