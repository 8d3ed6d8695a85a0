// SPDX-License-Identifier: MIT
#include "plugin/user_stage_json.hpp"

#include <utility>

#include <nlohmann/json.hpp>

namespace tunrelay {
namespace {

nlohmann::ordered_json way_json(const EndpointCounts::Way& way) {
  return {{"taken", way.taken},     {"taken_bytes", way.taken_bytes}, {"passed", way.passed},
          {"dropped", way.dropped}, {"finished", way.finished},       {"sent", way.sent},
          {"refused", way.refused}, {"out_bytes", way.passed_bytes}};
}

}  // namespace

nlohmann::ordered_json user_stages_json(const std::vector<UserStageReport>& stages) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const UserStageReport& stage : stages) {
    nlohmann::ordered_json json{{"name", stage.name}, {"library", stage.library}};
    for (std::size_t end = 0; end < stage.ends.size(); ++end) {
      const EndpointCounts& counts = stage.ends.at(end);
      json[end == 0 ? "a" : "b"] = {{"from_device", way_json(counts.ways[0])},
                                    {"from_link", way_json(counts.ways[1])},
                                    {"dropped", counts.dropped},
                                    {"counted", counts.counted},
                                    {"misuses", counts.misuses}};
    }
    list.push_back(std::move(json));
  }
  return list;
}

}  // namespace tunrelay
