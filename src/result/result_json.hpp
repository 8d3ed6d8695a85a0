// SPDX-License-Identifier: MIT
// A Result as JSON and as a file. The form is result/result.schema.json (JSON Schema): versioned,
// numbers in base units with the unit in the key or beside the value, null where there is no
// number. Percentiles and summaries stand there for readers that do not want to reckon; reading
// takes the samples and the histograms alone.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "base/log_once.hpp"
#include "result/result.hpp"

namespace tunrelay {

/// Null for what is not a number: JSON has neither NaN nor infinity.
[[nodiscard]] nlohmann::ordered_json json_number(double value);

inline constexpr const char* kResultFormat = "tunrelay-result";

/// In the order in which a person reads it. Converts to nlohmann::json.
[[nodiscard]] nlohmann::ordered_json to_json_result(const Result& result);
/// As text: indented by one blank, with a newline at its end. What is not UTF-8 in a string becomes
/// U+FFFD.
[[nodiscard]] std::string result_text(const Result& result);

/// Throws a usage Error that names SOURCE and the place in it: another format, a newer version,
/// something missing or of another type. Unknown keys are passed over.
[[nodiscard]] Result result_from_json(const nlohmann::json& json,
                                      const std::string& source = "the result");
/// The same, and for text that is not JSON or only the beginning of it.
[[nodiscard]] Result result_from_text(std::string_view text,
                                      const std::string& source = "the result");

/// Throws a usage Error that names PATH.
[[nodiscard]] Result read_result(const std::string& path);
/// Whole or not at all, see replace_file(). Throws Error that names PATH.
void write_result(const std::string& path, const Result& result);

/// The file of a run that is under way. Each save() puts all that was measured so far into place,
/// so that neither a crash nor a full disk takes what was measured before.
class ResultFile {
 public:
  /// Throws Error when PATH can't be written, before anything is measured. What stands there is
  /// left alone until the first save().
  explicit ResultFile(std::string path);
  /// Throws Error that names the path; the file of the save before is in place then, and the next
  /// save() may succeed. Writes the whole result and waits for the disk: to be called between
  /// samples, never within one.
  void save(const Result& result);
  /// The same for a run that goes on without it: REPORT gets the Error of a save that failed where
  /// the one before had not. A disk that is full now may have room later. Does
  /// nothing for a pipe or a terminal, which gets the last state alone.
  void save_or_report(const Result& result, const std::function<void(const Error&)>& report);
  [[nodiscard]] const std::string& path() const noexcept { return path_; }

 private:
  std::string path_;
  bool is_kept_;  ///< false: what was written can't be replaced
  LogOnce news_;
};

}  // namespace tunrelay
