// SPDX-License-Identifier: MIT
// A record's lines, and a record from its file.
#pragma once

#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

#include "record/record.hpp"

namespace tunrelay {

/// Each with its newline.
[[nodiscard]] std::string record_line(const RecordHeader& header);
[[nodiscard]] std::string record_line(const RecordLink& link);
[[nodiscard]] std::string record_line(const RecordInterval& interval);
[[nodiscard]] std::string record_line(const RecordEvent& event);
[[nodiscard]] std::string record_line(const RecordEnd& end);

/// An interval by itself, as its line has it.
[[nodiscard]] nlohmann::json interval_json(const RecordInterval& interval);
/// Throws nlohmann::json::exception for what is none.
[[nodiscard]] RecordInterval parse_interval(const nlohmann::json& json);

/// What can be read of a record's TEXT; NAME is its file's. A last line that was cut short is left
/// out, as are keys and lines of a kind that a later version may add. Throws a usage Error that
/// names the line: no record, another version's, or not in order.
[[nodiscard]] Record parse_record(std::string_view text, const std::string& name);
/// Reads the file at PATH. Throws Error.
[[nodiscard]] Record read_record(const std::string& path);

/// Whether what TEXT begins with is a record's header, and no result.
[[nodiscard]] bool is_record(std::string_view text) noexcept;

}  // namespace tunrelay
