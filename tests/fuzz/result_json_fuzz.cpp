// SPDX-License-Identifier: MIT
// result_from_text() on any text: a Result, or a usage Error with a message; and a Result is
// written so that it is read back as the same text. Input: the text of a result's file.
// Covers: result/result_json.cpp result/result_reader.cpp result/json_node.cpp
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "result/result_json.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try {
    const std::string written = tunrelay::result_text(tunrelay::result_from_text(text));
    if (tunrelay::result_text(tunrelay::result_from_text(written)) != written) std::abort();
  } catch (const tunrelay::Error& error) {
    if (error.exit_code() != tunrelay::ExitCode::kUsage || error.parts().cause.empty())
      std::abort();
  }
  return 0;
}
