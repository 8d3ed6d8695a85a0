// SPDX-License-Identifier: MIT
// The options of tc's qdiscs netem and tbf as stages.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "convert/shell_words.hpp"

namespace tunrelay {

/// A stage as link/stage_text.hpp has it, and which words it came from.
struct TcStage {
  std::string stage;
  std::size_t word = 0;  ///< the number of the first one
  std::string what;
};

/// The options of one qdisc, from word FIRST on. LEAVE_OUT gets the number of a word, what stands
/// there and why it is left out. In the order in which the kernel applies them
/// (net/sched/sch_netem.c: loss, duplicate, corrupt, delay, rate, slot).
using LeaveOutWord = std::function<void(std::size_t, const std::string&, const std::string&)>;
[[nodiscard]] std::vector<TcStage> netem_stages(const ShellCommand& command, std::size_t first,
                                                const LeaveOutWord& leave_out);
[[nodiscard]] std::vector<TcStage> tbf_stages(const ShellCommand& command, std::size_t first,
                                              const LeaveOutWord& leave_out);

}  // namespace tunrelay
