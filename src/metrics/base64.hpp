// SPDX-License-Identifier: MIT
// Base64 with padding (RFC 4648, section 4).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace tunrelay {

[[nodiscard]] std::string base64_encode(std::string_view bytes);

/// Nothing when TEXT is not what base64_encode() would write: a character from outside the
/// alphabet (white space too), missing padding, bits behind the last byte that are not 0.
[[nodiscard]] std::optional<std::string> base64_decode(std::string_view text);

}  // namespace tunrelay
