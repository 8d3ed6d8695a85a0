// SPDX-License-Identifier: MIT
// The beginning of every result: what, when, on which machine, with which build.
#pragma once

#include <string>

#include "result/result.hpp"

namespace tunrelay {

/// Of now and here: the environment is that of the calling thread's network namespace.
[[nodiscard]] Result new_result(const std::string& suite);

}  // namespace tunrelay
