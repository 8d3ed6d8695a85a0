// SPDX-License-Identifier: MIT
// Reads the steps of a scenario's file: what each says becomes one entry of the scenario or more.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "scenario/scenario.hpp"
#include "scenario/scenario_file.hpp"
#include "scenario/scenario_toml.hpp"

namespace tunrelay {

/// Used by one thread; all that it is given must outlive it.
class EntryReader {
 public:
  EntryReader(const ScenarioToml& toml, const ReadScenarioFile& read, Scenario& scenario);

  /// Throws a usage Error with the place.
  void read(const toml::table& step);

 private:
  void read_timing(const toml::table& step);
  void read_action(const toml::table& table, LinkAction& action);
  void read_link(const toml::node& node, LinkAction& action);
  void read_list(const toml::node& node, std::size_t direction, LinkAction& action);
  void read_settings(const toml::node& node, LinkAction& action);
  void read_outage(const toml::node& node);
  void read_ramp(const toml::node& node);
  void read_trace(const toml::node& node);
  void read_model(RandomModel::Kind kind, const toml::node& node);
  void read_states(const toml::node& node);
  [[nodiscard]] StateModel::State read_state(const toml::table& table);
  void read_following(const toml::array& list, StateModel& model);

  void keep_list(const toml::node& node, std::size_t direction, StageList stages,
                 LinkAction& action);
  [[nodiscard]] std::shared_ptr<const std::string> source(const std::string& name);
  void add_rows(const toml::node& node, ActionRows rows);
  void add(decltype(ScenarioEntry::what) what);
  void refuse_repeats(const toml::node& node, const char* what) const;

  const ScenarioToml& toml_;
  const ReadScenarioFile& read_;
  Scenario& scenario_;
  std::filesystem::path folder_;
  std::size_t source_bytes_ = 0;
  ScenarioEntry timing_;  ///< of this step, with nothing to do
  std::vector<std::size_t> directions_;
};

}  // namespace tunrelay
