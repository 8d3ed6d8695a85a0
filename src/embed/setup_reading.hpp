// SPDX-License-Identifier: MIT
// What the setups of the boundary have in common, from C to our own types. ATTEMPT and OBJECT are
// for the usage Errors, which each throws for what can't be.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "embed/tunrelay/tunnel_abi.h"
#include "plugin/stage_library.hpp"

namespace tunrelay {

void refuse_another_version(const char* attempt, const char* object, std::uint32_t abi_version);

std::vector<std::pair<std::string, std::string>> key_values(const char* attempt, const char* object,
                                                            const tunrelay_option* options,
                                                            std::size_t count);

std::vector<StageRequest> built_in_stages(const char* attempt, const char* object,
                                          const tunrelay_built_in_stage* stages, std::size_t count);

}  // namespace tunrelay
