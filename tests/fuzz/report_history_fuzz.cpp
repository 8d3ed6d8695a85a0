// SPDX-License-Identifier: MIT
// parse_csv_history() on any text: rows, or a usage Error with a message.
// Input: a byte, whose lowest bit puts the header before the text; then the text.
// Covers: report/csv_history_reader.cpp
#include <cstdint>
#include <cstdlib>
#include <string>

#include "base/error.hpp"
#include "report/csv_history.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  std::string text(reinterpret_cast<const char*>(data) + 1, size - 1);
  if ((data[0] & 1) != 0) text = tunrelay::csv_history_header() + text;
  try {
    static_cast<void>(tunrelay::parse_csv_history(text, "fuzz.csv"));
  } catch (const tunrelay::Error& error) {
    if (error.exit_code() != tunrelay::ExitCode::kUsage || error.parts().cause.empty())
      std::abort();
  }
  return 0;
}
