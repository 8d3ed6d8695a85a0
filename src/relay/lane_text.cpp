// SPDX-License-Identifier: MIT
#include "relay/lane_text.hpp"

#include <fmt/format.h>

#include "base/drop_reason.hpp"
#include "base/units.hpp"
#include "metrics/tally_json.hpp"

namespace tunrelay {
namespace {

/// What stages of a user's own take away counts against what they add: it may be below zero.
std::string net_text(std::uint64_t count) {
  const auto net = static_cast<std::int64_t>(count);
  return net < 0 ? "-" + format_count(-count) : format_count(count);
}

/// What stages have queued at most; nothing where none queues packets.
std::string queued_line(const LaneCounts& counts, const std::vector<WorkerReport>& workers) {
  if (counts.queued_packets_peak == 0 || workers.empty()) return "";
  const WorkerReport& worker = workers.front();
  return fmt::format(
      "    queued at most {} of {}, {} packets{}\n", format_bytes(counts.queued_bytes_peak),
      format_bytes(worker.queued_bytes_limit), format_count(counts.queued_packets_peak),
      workers.size() == 1 ? "" : ", in one queue");
}

}  // namespace

std::string drops_text(const LaneCounts& counts) {
  std::string text;
  for (std::size_t reason = 0; reason < kDropReasons; ++reason) {
    const Tally& tally = counts.dropped.at(reason);
    if (tally.segments == 0) continue;
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ",
                        to_string(static_cast<DropReason>(reason)), format_count(tally.packets));
    if (tally.segments != tally.packets)
      text += fmt::format(" ({} wire segments)", format_count(tally.segments));
  }
  return text.empty() ? "none" : text;
}

std::string stages_account(const LaneCounts& counts, const std::vector<WorkerReport>& workers) {
  std::string lines;
  if (counts.made.segments != 0)
    lines += fmt::format("    made by stages: {} packets ({} wire segments)\n",
                         net_text(counts.made.packets), net_text(counts.made.segments));
  lines += queued_line(counts, workers);
  if (!counts.balanced())
    lines +=
        fmt::format("    accounting: {} packets read, {} made, {} written, {} queued, {} dropped\n",
                    counts.read.packets, counts.made.packets, counts.written.packets,
                    counts.queued.packets, counts.dropped_in_all().packets);
  return lines;
}

nlohmann::ordered_json lane_json(const LaneCounts& counts) {
  return {{"read", tally_json(counts.read)},
          {"made", net_tally_json(counts.made)},
          {"written", tally_json(counts.written)},
          {"queued", tally_json(counts.queued)},
          {"dropped", drops_json(counts.dropped)},
          {"queued_bytes_peak", counts.queued_bytes_peak},
          {"queued_packets_peak", counts.queued_packets_peak},
          {"path_probes", counts.path_probes},
          {"writes", counts.writes},
          {"refused_merged_packets", counts.refused_merged()},
          {"balanced", counts.balanced()}};
}

}  // namespace tunrelay
