// SPDX-License-Identifier: MIT
// A frame of `tunrelay top` as plain data: what stands on each line of a terminal of a certain
// size, and in which style. It knows no terminal.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "top/line_editor.hpp"
#include "top/top_sample.hpp"

namespace tunrelay {

enum class TopStyle { kPlain, kTitle, kFaint, kGraph, kGood, kWarning, kBad, kKeys };

struct TopSpan {
  std::string text;  ///< UTF-8, a column a character
  TopStyle style = TopStyle::kPlain;
};
using TopLine = std::vector<TopSpan>;

enum class TopOrder { kRate, kRtt, kRetransmitted, kDropped };
inline constexpr std::size_t kTopOrders = 4;

/// What the user has chosen.
struct TopView {
  std::size_t columns = 80;
  std::size_t rows = 24;
  bool has_unicode = true;  ///< blocks for charts; else characters of ASCII
  bool is_paused = false;
  bool shows_help = false;
  TopOrder order = TopOrder::kRate;
  const LineEditor* prompt = nullptr;  ///< the link of a direction is being changed
  std::string message{};               ///< in the last line until a key is pressed
  std::string command{};  ///< of `exec`, whose page this is; empty: the relay is by itself
  std::vector<std::string> output{};  ///< the last lines that it has printed, as they are
};

/// The least that a frame fits into.
inline constexpr std::size_t kMinTopColumns = 40;
inline constexpr std::size_t kMinTopRows = 10;

/// Exactly VIEW.rows lines, none longer than VIEW.columns.
[[nodiscard]] std::vector<TopLine> top_frame(const TopHistory& history, const TopView& view);

}  // namespace tunrelay
