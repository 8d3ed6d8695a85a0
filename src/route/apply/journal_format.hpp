// SPDX-License-Identifier: MIT
// What a journal says, and how it is written: one JSON object a line. The first line is the
// header; then comes a line for each step, written before the step is done, so that what was
// done is always a part of what is written:
//
//   {"record":"header","version":1,"boot_id":"...","netns_inode":4026531840,"pid":812,...}
//   {"record":"step","index":0,"change":{"do":"add_rule",...},"undo":{"do":"delete_rule",...}}
//   {"record":"withdrawn","index":0}      the kernel refused it: there is nothing to undo
//   {"record":"complete"}                 all steps are done
//
// Pure: no system call.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "os/process.hpp"
#include "route/model/step.hpp"

namespace tunrelay {

inline constexpr int kJournalVersion = 1;

struct JournalHeader {
  int version = kJournalVersion;
  std::string boot_id{};
  std::uint64_t netns_inode = 0;
  std::uint64_t netns_cookie = 0;  ///< 0: the kernel has none
  std::string instance{};
  ProcessIdentity owner{};
  /// The routes shall stay when the owner ends; they are undone on request.
  bool persistent = false;
};

struct JournalContents {
  JournalHeader header{};
  std::vector<Step> steps{};  ///< in the order in which they were done; without those withdrawn
  bool complete = false;
};

// Each with its newline.
std::string header_line(const JournalHeader& header);
std::string step_line(std::size_t index, const Step& step);
std::string withdrawn_line(std::size_t index);
std::string complete_line();

/// Nothing when there is no whole header: its owner was killed before it did anything. A last
/// line without its newline was never acted upon and is left out. Throws Error (exit code 3),
/// which names NAME, for a version that is not ours and for lines that make no sense.
std::optional<JournalContents> parse_journal(std::string_view text, const std::string& name);

}  // namespace tunrelay
