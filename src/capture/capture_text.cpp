// SPDX-License-Identifier: MIT
#include "capture/capture_text.hpp"

#include <fmt/format.h>

#include "base/clean_text.hpp"
#include "base/units.hpp"

namespace tunrelay {

std::string capture_line(const CaptureReport& capture) {
  std::string line = fmt::format("  capture   {}: {} packets, {}", clean_line(capture.file),
                                 format_count(capture.packets), format_bytes(capture.bytes));
  if (capture.files > 1) line += fmt::format(" in {} files", capture.files);
  line += fmt::format("; {} lost\n", format_count(capture.lost));
  if (!capture.failure.empty())
    line += fmt::format("    it ended early: {}\n", clean_line(capture.failure));
  return line;
}

nlohmann::ordered_json capture_json(const std::optional<CaptureReport>& capture) {
  if (!capture) return {};
  return {{"file", capture->file},         {"files", capture->files},
          {"bytes", capture->bytes},       {"packets", capture->packets},
          {"lost_packets", capture->lost}, {"filtered_packets", capture->filtered},
          {"failure", capture->failure}};
}

}  // namespace tunrelay
