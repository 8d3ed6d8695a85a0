// SPDX-License-Identifier: MIT
// The forms in which a result can be had as files, and what the user wants it to be called: flags
// that every command with a result shares. Its JSON is the command's own (`--out`), since that is
// written while the run is under way.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "report/comparison.hpp"
#include "result/result.hpp"
#include "result/result_json.hpp"

namespace CLI {
class App;
}

namespace tunrelay {

class ResultOutputs {
 public:
  /// Adds --html, --markdown, --junit, --prometheus, --csv, --gbench, --hdr-log, --title,
  /// --commit and --machine to COMMAND. This object must outlive the parser.
  void add_to(CLI::App& command);

  /// Whether any file was requested.
  [[nodiscard]] bool any() const;
  /// Whether any file but FLAG's was requested.
  [[nodiscard]] bool any_but(std::string_view flag) const;
  /// What FLAG names; empty: not requested.
  [[nodiscard]] std::string path_of(std::string_view flag) const;
  /// The file of --hdr-log; empty: not requested. `gen` fills it with more than a result has,
  /// interval by interval, and gives all of it to write() at the end.
  [[nodiscard]] std::string latency_log_path() const;
  void use_latency_log(std::string text) { latency_log_ = std::move(text); }
  /// Throws the Error that write() would, as far as that can be known without touching the files:
  /// call it before a long run.
  void check() const;
  /// Gives RESULT the title, the commit and the machine that the user named, if any.
  void label(Result& result) const;
  /// Writes the requested files: each file whole or not at all, but for the history of --csv, to
  /// which lines are added. "-" is standard output. COMPARISON, if any, is that with a baseline,
  /// which forms have that can report it; RESULT is the head then. FILE, if any, gets RESULT
  /// first. One that can't be written does not keep the others from it; the first one's Error is
  /// thrown at the end.
  void write(const Result& result, const ComparisonReport* comparison = nullptr,
             ResultFile* file = nullptr) const;

 private:
  void write_form(std::size_t at, const Result& result, const ComparisonReport* comparison) const;

  std::vector<std::string> paths_;  ///< one a form; empty: not requested
  std::string title_, commit_, machine_;
  std::string latency_log_;  ///< instead of the result's; may be empty
};

/// What to write to for PATH as the user gave it: "-" is standard output.
[[nodiscard]] std::string output_place(const std::string& path);

/// TEXT, a command's only result, to PATH: whole or not at all; "-" is standard output. Throws
/// Error.
void write_output(const std::string& path, const std::string& text);

/// For ResultFile::save_or_report().
void report_failed_save(const Error& error);

}  // namespace tunrelay
