// SPDX-License-Identifier: MIT
// Text that came from elsewhere (titles, names, error messages) made harmless for the form that it
// is written into. All take any bytes: what is not UTF-8 becomes U+FFFD, and so do control
// characters, but for line breaks and tabs where the form can hold them. Pure functions,
// for any thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/clean_text.hpp"  // IWYU pragma: export

namespace tunrelay {

/// For element content and for attribute values in quotes, in XML 1.0 and in HTML alike.
[[nodiscard]] std::string escape_markup(std::string_view text);
/// For a cell of a table in GitHub's Markdown; shows as it is written here.
[[nodiscard]] std::string escape_markdown(std::string_view text);
/// A field of a CSV line (RFC 4180), quoted where it must be. Line breaks become blanks, so that a
/// record stays one line.
[[nodiscard]] std::string escape_csv(std::string_view text);
/// A label's value in Prometheus' text format, without the quotes around it.
[[nodiscard]] std::string escape_label(std::string_view text);
/// JSON text for a <script> element of HTML: the same JSON, without anything that ends the element.
[[nodiscard]] std::string escape_script_json(std::string_view json);

}  // namespace tunrelay
