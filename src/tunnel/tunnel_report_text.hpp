// SPDX-License-Identifier: MIT
// A tunnel's report for people and for programs.
#pragma once

#include <string>

#include <nlohmann/json_fwd.hpp>

#include "tunnel/tunnel_report.hpp"

namespace tunrelay {

/// The line that begins with "ready", without a line's end.
std::string ready_line(const TunnelReport& report);
/// Some lines: what the tunnel was, packets and bytes each way, drops with their place, workers
/// with their CPUs, and the proof of path.
std::string summary_text(const TunnelReport& report);
/// The same in base units, the unit in the key. EVENT: "ready", "counters" or "summary".
nlohmann::ordered_json report_json(const TunnelReport& report, const char* event);

/// null: there was none.
[[nodiscard]] nlohmann::ordered_json record_json(const std::optional<RecordReport>& record);

}  // namespace tunrelay
