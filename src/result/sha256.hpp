// SPDX-License-Identifier: MIT
// SHA-256 (FIPS 180-4), for names that must not lead back to what they stand for.
#pragma once

#include <string>
#include <string_view>

namespace tunrelay {

/// As 64 hexadecimal digits.
[[nodiscard]] std::string sha256_hex(std::string_view text);

}  // namespace tunrelay
