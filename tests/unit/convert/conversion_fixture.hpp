// SPDX-License-Identifier: MIT
// What conversions come to, as text to compare.
#pragma once

#include <fmt/format.h>

#include <string>
#include <vector>

#include "convert/conversion.hpp"
#include "link/link_file.hpp"
#include "link/stage_text.hpp"

namespace tunrelay::test {

inline std::string a_to_b(const Conversion& conversion) {
  return print_stages(conversion.link().directions[0]);
}
inline std::string b_to_a(const Conversion& conversion) {
  return print_stages(conversion.link().directions[1]);
}
/// "PLACE: WHAT: REASON", one each.
inline std::vector<std::string> left_out(const Conversion& conversion) {
  std::vector<std::string> lines;
  for (const LeftOut& one : conversion.left_out())
    lines.push_back(fmt::format("{}: {}: {}", one.place, one.what, one.reason));
  return lines;
}
/// Read back from the file that it becomes.
inline LinkDescription through_file(const Conversion& conversion) {
  return parse_link(link_file_text(conversion, "test"), "test.toml").description;
}

}  // namespace tunrelay::test
