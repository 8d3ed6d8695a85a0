// SPDX-License-Identifier: MIT
// parse_journal() on any text: contents, nothing, or an Error of exit code 3 with a message; and
// what was understood is written so that it is read back as the same.
// Input: the text of a journal.
// Covers: route/apply/journal_format.cpp route/model/step_json.cpp
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "route/apply/journal_format.hpp"

namespace {

std::string text_of(const tunrelay::JournalContents& contents) {
  std::string text = tunrelay::header_line(contents.header);
  for (std::size_t index = 0; index < contents.steps.size(); ++index)
    text += tunrelay::step_line(index, contents.steps[index]);
  return contents.complete ? text + tunrelay::complete_line() : text;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try {
    const auto contents = tunrelay::parse_journal(text, "fuzz");
    if (!contents) return 0;
    const std::string written = text_of(*contents);
    const auto again = tunrelay::parse_journal(written, "written");
    if (!again || text_of(*again) != written) std::abort();
  } catch (const tunrelay::Error& error) {
    if (error.exit_code() != tunrelay::ExitCode::kUnsupported || error.parts().cause.empty())
      std::abort();
  }
  return 0;
}
