// SPDX-License-Identifier: MIT
#include "embed/embedded_replay.hpp"

#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/build_info.hpp"
#include "base/error.hpp"
#include "base/json_text.hpp"
#include "config/tunnel_keys.hpp"
#include "embed/setup_reading.hpp"
#include "replay/replay.hpp"
#include "replay/replay_json.hpp"

namespace tunrelay {
namespace {

constexpr const char* kReplayAttempt = "replay";
constexpr const char* kReplayObject = "packets in this program";

}  // namespace

std::string replay_json_of(const tunrelay_replay_setup& setup) {
  refuse_another_version(kReplayAttempt, kReplayObject, setup.abi_version);
  if (setup.input == nullptr || setup.output == nullptr || setup.direction > 1)
    throw_usage_error(kReplayAttempt, kReplayObject, "a file is missing, or the direction is none");
  const TunnelFlags flags = read_tunnel_keys(
      key_values(kReplayAttempt, kReplayObject, setup.options, setup.option_count));
  std::vector<StageRequest> stages =
      built_in_stages(kReplayAttempt, kReplayObject, setup.stages, setup.stage_count);
  for (const std::string& text : flags.stages) stages.push_back(StageRequest::parse(text));
  return json_text(replay_json(replay({.input = setup.input,
                                       .output = setup.output,
                                       .link = link_description(flags.link),
                                       .scenario = scenario_of(flags.link),
                                       .direction = setup.direction,
                                       .interface = {},
                                       .application = std::string("tunrelay ") + kVersion,
                                       .stages = std::move(stages)})));
}

}  // namespace tunrelay
