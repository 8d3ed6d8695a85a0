// SPDX-License-Identifier: MIT
// Scenarios as TOML files (tunrelay-scenario(7) has the keys), and those that the program brings
// with it.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "link/link_file.hpp"
#include "scenario/scenario.hpp"

namespace tunrelay {

/// What a file holds that a scenario names. Throws a usage Error.
using ReadScenarioFile = std::function<std::string(const std::string& name)>;

/// Of the scenario's file and all that it names together.
inline constexpr std::size_t kMaxScenarioBytes = std::size_t{64} << 20U;

/// In alphabetical order.
[[nodiscard]] std::span<const LinkProfile> ready_scenarios() noexcept;

/// FILE: what to call it; relative names in it count from its folder. READ is called for each file
/// that it names, once a mention. Throws a usage Error with file, line and column.
[[nodiscard]] Scenario parse_scenario(std::string_view toml, const std::string& file,
                                      const ReadScenarioFile& read);

/// The name of one that the program brings, or a file: what contains a slash or ends in ".toml".
/// Files are read with this process's rights. Throws a usage Error.
[[nodiscard]] std::shared_ptr<const Scenario> load_scenario(const std::string& name_or_file);

}  // namespace tunrelay
