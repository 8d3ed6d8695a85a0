// SPDX-License-Identifier: MIT
#include "scenario/scenario_file.hpp"

#include <fmt/format.h>

#include <array>

#include "base/error.hpp"
#include "link/link_toml.hpp"
#include "os/input_file.hpp"
#include "scenario/entry_reader.hpp"
#include "scenario/ready_text.hpp"
#include "scenario/scenario_toml.hpp"

namespace tunrelay {
namespace {

constexpr const char* kScenarioAttempt = "read the scenario";

Scenario::Start start_of(const ScenarioToml& toml, const toml::node& node) {
  const std::string name = toml.text(node, "a start");
  if (name == "command") return Scenario::Start::kCommand;
  if (name == "traffic") return Scenario::Start::kTraffic;
  toml.refuse(node, fmt::format("'{}' is not a start", name), "it is command or traffic");
}

}  // namespace

std::span<const LinkProfile> ready_scenarios() noexcept {
  static const std::array<LinkProfile, 6> kReady{{{"congested-evening", kScenarioCongestedEvening},
                                                  {"flapping-link", kScenarioFlappingLink},
                                                  {"leo-satellite", kScenarioLeoSatellite},
                                                  {"lte-handover", kScenarioLteHandover},
                                                  {"train", kScenarioTrain},
                                                  {"wifi-roaming", kScenarioWifiRoaming}}};
  return kReady;
}

Scenario parse_scenario(std::string_view toml, const std::string& file,
                        const ReadScenarioFile& read) {
  Scenario scenario;
  scenario.name = file;
  scenario.sources.push_back({file, std::make_shared<const std::string>(toml)});
  const ScenarioToml values(file);
  const toml::table table = parse_toml(toml, file);
  EntryReader entries(values, read, scenario);
  values.for_each_key(table, "summary, seed, start and step",
                      [&](std::string_view name, const toml::node& node) {
                        if (name == "summary")
                          scenario.summary = values.text(node, "a summary");
                        else if (name == "seed")
                          scenario.seed = seed_of(node, file);
                        else if (name == "start")
                          scenario.start = start_of(values, node);
                        else if (name == "step" && node.is_array())
                          for (const toml::node& step : *node.as_array())
                            entries.read(values.table(step, "a step"));
                        else
                          return false;
                        return true;
                      });
  if (scenario.entries.empty())
    throw_usage_error("read", file, "nothing happens in it",
                      "write a [[step]] with at = \"5s\" and a-to-b = \"rate 5mbit\"");
  return scenario;
}

std::shared_ptr<const Scenario> load_scenario(const std::string& name_or_file) {
  const auto read = [](const std::string& name) {
    return read_whole_file(name, kScenarioAttempt, kMaxScenarioBytes);
  };
  const std::string toml =
      is_file_name(name_or_file)
          ? read(name_or_file)
          : std::string(find_named(ready_scenarios(), name_or_file, "scenario").toml);
  return std::make_shared<const Scenario>(parse_scenario(toml, name_or_file, read));
}

}  // namespace tunrelay
