// SPDX-License-Identifier: MIT
#include "replay/replay_json.hpp"

#include <nlohmann/json.hpp>

#include "link/link_report_text.hpp"
#include "metrics/tally_json.hpp"
#include "plugin/user_stage_json.hpp"

namespace tunrelay {

nlohmann::ordered_json replay_json(const ReplayReport& report) {
  return {{"event", "replay"},
          {"read", tally_json(report.read)},
          {"made", tally_json(report.made)},
          {"written", tally_json(report.written)},
          {"queued", tally_json(report.queued)},
          {"dropped", drops_json(report.dropped)},
          {"cut_packets", report.cut},
          {"disordered_packets", report.disordered},
          {"link_changes", report.link_changes},
          {"duration_ns", report.duration_ns},
          {"link", link_json(report.link)},
          {"stages", user_stages_json(report.stages)}};
}

}  // namespace tunrelay
