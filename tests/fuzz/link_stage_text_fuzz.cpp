// SPDX-License-Identifier: MIT
// parse_stages() on any text: data, or a usage Error with a message; and what was understood is
// printed so that it is read back as the same.
// Input: the text of a direction's stages.
// Covers: link/stage_text.cpp link/stage_tokens.cpp link/token.cpp link/*_grammar.cpp
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/error.hpp"
#include "link/stage_text.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try {
    const tunrelay::StageList stages = tunrelay::parse_stages({text, "fuzz"});
    const std::string printed = tunrelay::print_stages(stages);
    if (tunrelay::parse_stages({printed, "printed"}) != stages) std::abort();
  } catch (const tunrelay::Error& error) {
    if (error.exit_code() != tunrelay::ExitCode::kUsage || error.parts().cause.empty())
      std::abort();
  }
  return 0;
}
