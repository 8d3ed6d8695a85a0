// SPDX-License-Identifier: MIT
#include "tunnel/user_stage_text.hpp"

#include <fmt/format.h>

#include <map>

#include "base/units.hpp"

namespace tunrelay {
namespace {

std::string way_text(const EndpointCounts::Way& way) {
  std::string text = fmt::format("{} frames ({}), {} passed", format_count(way.taken),
                                 format_bytes(way.taken_bytes), format_count(way.passed));
  const auto add = [&text](const char* what, std::uint64_t count) {
    if (count != 0) text += fmt::format(", {} {}", format_count(count), what);
  };
  add("dropped", way.dropped);
  add("finished", way.finished);
  add("of its own", way.sent);
  add("of its own refused", way.refused);
  return text + fmt::format(" ({} out)", format_bytes(way.passed_bytes));
}

std::string names_text(const std::map<std::string, std::uint64_t>& counts) {
  std::string text;
  for (const auto& [name, count] : counts)
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", name, format_count(count));
  return text;
}

}  // namespace

std::string user_stage_lines(const TunnelReport& report) {
  std::string lines;
  for (const UserStageReport& stage : report.user_stages) {
    lines += fmt::format("  stage     {} ({})\n", stage.name, stage.library);
    for (std::size_t end = 0; end < stage.ends.size(); ++end) {
      const EndpointCounts& counts = stage.ends.at(end);
      const std::string& device = report.ends.at(end).device;
      lines += fmt::format("    from {}: {}\n", device, way_text(counts.ways[0]));
      lines += fmt::format("    from the link to {}: {}\n", device, way_text(counts.ways[1]));
      if (!counts.dropped.empty()) lines += "      dropped: " + names_text(counts.dropped) + "\n";
      if (!counts.counted.empty()) lines += "      counted: " + names_text(counts.counted) + "\n";
      if (counts.misuses != 0)
        lines += fmt::format("      {} calls made no sense\n", format_count(counts.misuses));
    }
  }
  return lines;
}

}  // namespace tunrelay
