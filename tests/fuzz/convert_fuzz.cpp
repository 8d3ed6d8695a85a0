// SPDX-License-Identifier: MIT
// Other programs' descriptions of links, any text in each form: a usage Error with a message, or
// stages that a link's file gives back as the same.
// Input: a byte for the form, then the text.
// Covers: convert/*.cpp
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/error.hpp"
#include "convert/conversion.hpp"
#include "link/link_file.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const auto& forms = tunrelay::foreign_forms();
  const tunrelay::ForeignForm& form = forms[data[0] % forms.size()];
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  try {
    const tunrelay::Conversion conversion = form.convert(text, "fuzz");
    const std::string file = tunrelay::link_file_text(conversion, form.name);
    if (tunrelay::parse_link(file, "file").description != conversion.link()) std::abort();
    for (const tunrelay::LeftOut& one : conversion.left_out())
      if (one.place.empty() || one.reason.empty()) std::abort();
  } catch (const tunrelay::Error& error) {
    if (error.exit_code() != tunrelay::ExitCode::kUsage || error.parts().cause.empty())
      std::abort();
  }
  return 0;
}
