// SPDX-License-Identifier: MIT
// parse_link() on any text: a link, or a usage Error with a message.
// Input: the text of a link's TOML file.
// Covers: link/link_file.cpp
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/error.hpp"
#include "link/link_file.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try {
    static_cast<void>(tunrelay::parse_link(text, "fuzz.toml"));
  } catch (const tunrelay::Error& error) {
    if (error.exit_code() != tunrelay::ExitCode::kUsage || error.parts().cause.empty())
      std::abort();
  }
  return 0;
}
