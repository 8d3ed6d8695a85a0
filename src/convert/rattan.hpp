// SPDX-License-Identifier: MIT
// The TOML configuration of Rattan (github.com/stack-rs/rattan, config.example.toml): cells, and
// the links between them.
#pragma once

#include <string>
#include <string_view>

#include "convert/conversion.hpp"

namespace tunrelay {

/// The cells on the way from "left" to "right" are a to b, those on the way back b to a. What is
/// not of the link (environment, commands, HTTP) is passed over. Throws a usage Error for what is
/// not TOML, and where no way begins at either side.
[[nodiscard]] Conversion convert_rattan(std::string_view text, const std::string& source);

}  // namespace tunrelay
