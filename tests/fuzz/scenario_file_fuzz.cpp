// SPDX-License-Identifier: MIT
// parse_scenario() on any text: a scenario, or a usage Error with a message; and what was read can
// be played for a while, with time that goes on.
// Input: a scenario's file. Each file that it names holds the input too.
// Covers: scenario/scenario_file.cpp scenario/scenario_toml.cpp scenario/entry_reader.cpp
//   scenario/model_reader.cpp scenario/parameter_table.cpp scenario/link_parameter.cpp
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "scenario/scenario_file.hpp"
#include "scenario/scenario_player.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  try {
    auto scenario = std::make_shared<const tunrelay::Scenario>(
        tunrelay::parse_scenario(text, "fuzz.toml", [&text](const std::string&) { return text; }));
    tunrelay::ScenarioPlayer player(scenario, tunrelay::LinkDescription{{}, 1});
    for (int change = 0; change < 100 && player.next_ns() != tunrelay::ScenarioPlayer::kNever;
         ++change) {
      const std::int64_t now_ns = player.next_ns();
      static_cast<void>(player.advance(now_ns));
      if (player.next_ns() <= now_ns) std::abort();
    }
  } catch (const tunrelay::Error& error) {
    if (error.exit_code() != tunrelay::ExitCode::kUsage || error.parts().cause.empty())
      std::abort();
  }
  return 0;
}
