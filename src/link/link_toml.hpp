// SPDX-License-Identifier: MIT
// What a link's description is in TOML, for all files that have one in them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "base/toml_text.hpp"
#include "link/description.hpp"

namespace tunrelay {

/// Adds the stages of NODE, a text or an array of them, to STAGES. FILE: what to call the file.
/// Throws a usage Error with the place.
void append_stages(const toml::node& node, const std::string& file, StageList& stages);

/// Throws a usage Error with the place.
[[nodiscard]] std::uint64_t seed_of(const toml::node& node, const std::string& file);

/// Relative names of the files that STAGES name count from FOLDER.
void place_files(StageList& stages, const std::filesystem::path& folder);

/// Whether NAME is a file, and not something that the program brings with it.
[[nodiscard]] bool is_file_name(const std::string& name);

}  // namespace tunrelay
