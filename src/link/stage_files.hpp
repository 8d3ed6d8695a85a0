// SPDX-License-Identifier: MIT
// The files that stages name: delivery traces, steps of rate, delay tables.
#pragma once

#include <cstddef>
#include <vector>

#include "link/description.hpp"

namespace tunrelay {

/// Of all files of a link together. mahimahi's longest trace has some hundred thousand lines.
inline constexpr std::size_t kMaxStageFileBytes = std::size_t{64} << 20U;

/// Those that STAGES name, in their order. They point into STAGES.
[[nodiscard]] std::vector<StageFile*> files_of(StageList& stages);

/// Reads those of LINK that were not read yet, with this process's rights. Throws a usage Error
/// that names the file.
void read_stage_files(LinkDescription& link);

}  // namespace tunrelay
