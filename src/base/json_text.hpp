// SPDX-License-Identifier: MIT
// JSON as text: the one place where it is made. Names come from anywhere (a device, a file, a stage
// of the user's), and need not be UTF-8, which JSON must be: nlohmann's dump() throws for them, and
// what was measured would be lost for a name.
#pragma once

#include <string>

#include <nlohmann/json.hpp>

namespace tunrelay {

inline constexpr int kOneLine = -1;

/// VALUE as JSON, without a newline at its end; bytes that are not UTF-8 become U+FFFD each.
/// INDENT: blanks a level, or kOneLine. Throws nothing but std::bad_alloc.
[[nodiscard]] std::string json_text(const nlohmann::json& value, int indent = kOneLine);
[[nodiscard]] std::string json_text(const nlohmann::ordered_json& value, int indent = kOneLine);

/// VALUE itself where it is a text, without quotes; else as json_text() has it.
[[nodiscard]] std::string bare_text(const nlohmann::json& value);
[[nodiscard]] std::string bare_text(const nlohmann::ordered_json& value);

/// What ERROR says without nlohmann's number for it: "[json.exception.type_error.302] type must
/// be".
[[nodiscard]] std::string bare_message(const nlohmann::json::exception& error);

/// The text of the member KEY; empty where OBJECT is none, or has no text there.
[[nodiscard]] std::string text_member(const nlohmann::json& object, const char* key);

}  // namespace tunrelay
