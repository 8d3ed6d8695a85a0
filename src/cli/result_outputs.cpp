// SPDX-License-Identifier: MIT
#include "cli/result_outputs.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <string_view>

#include <CLI/CLI.hpp>

#include "base/error.hpp"
#include "config/flag_group.hpp"
#include "os/print.hpp"
#include "os/whole_file.hpp"
#include "report/csv_history.hpp"
#include "report/google_benchmark.hpp"
#include "report/html_report.hpp"
#include "report/junit.hpp"
#include "report/latency_log.hpp"
#include "report/markdown.hpp"
#include "report/prometheus.hpp"
#include "result/origin.hpp"

namespace tunrelay {
namespace {

constexpr const char* kStandardOutput = "-";
constexpr const char* kLatencyLog = "--hdr-log";

/// COMPARISON is null where there is none.
using FormText = std::string (*)(const Result& result, const ComparisonReport* comparison);

struct Form {
  const char* flag;
  const char* help;
  FormText text;  ///< null: lines are added to the history
};

// NOLINTBEGIN(bugprone-exception-escape): what these throw is caught where they are called
constexpr std::array<Form, 7> kForms{{
    {"--html", "write a report with charts as one HTML page",
     [](const Result& result, const ComparisonReport* comparison) {
       return comparison != nullptr ? html_report(result, *comparison) : html_report(result);
     }},
    {"--markdown", "write a summary as Markdown",
     [](const Result& result, const ComparisonReport* comparison) {
       return comparison != nullptr ? markdown_summary(*comparison) : markdown_summary(result);
     }},
    {"--junit", "write what failed as JUnit XML",
     [](const Result& result, const ComparisonReport* comparison) {
       return comparison != nullptr ? junit_xml(*comparison, result.started_utc)
                                    : junit_xml(result);
     }},
    {"--prometheus", "write gauges in Prometheus' text format",
     [](const Result& result, const ComparisonReport*) { return prometheus_text(result); }},
    {"--csv", "add the figures to a history, which `trend` reads", nullptr},
    {"--gbench", "write the samples in Google Benchmark's JSON form",
     [](const Result& result, const ComparisonReport*) { return google_benchmark_json(result); }},
    {kLatencyLog, "write the latencies as an HdrHistogram log",
     [](const Result& result, const ComparisonReport*) { return latency_log(result); }},
}};
// NOLINTEND(bugprone-exception-escape)

}  // namespace

void ResultOutputs::add_to(CLI::App& command) {
  FlagGroup output(command, kOutputFlags);
  paths_.resize(kForms.size());
  for (std::size_t at = 0; at < kForms.size(); ++at)
    output.value(kForms.at(at).flag, paths_.at(at), "FILE", kForms.at(at).help);
  output.value("--title", title_, "TEXT", "what the reports call this");
  output.value("--commit", commit_, "COMMIT",
               "the commit that is measured, for the history [this program's]");
  output.value("--machine", machine_, "NAME",
               "what to call this machine where results of several are merged [its machine id]");
}

bool ResultOutputs::any() const {
  return std::any_of(paths_.begin(), paths_.end(),
                     [](const std::string& path) { return !path.empty(); });
}

bool ResultOutputs::any_but(std::string_view flag) const {
  for (std::size_t at = 0; at < paths_.size(); ++at)
    if (!paths_.at(at).empty() && flag != kForms.at(at).flag) return true;
  return false;
}

std::string ResultOutputs::path_of(std::string_view flag) const {
  for (std::size_t at = 0; at < paths_.size(); ++at)
    if (flag == kForms.at(at).flag) return paths_.at(at);
  return "";
}

std::string ResultOutputs::latency_log_path() const {
  return output_place(path_of(kLatencyLog));
}

void ResultOutputs::check() const {
  for (std::size_t at = 0; at < paths_.size(); ++at) {
    const std::string& path = paths_.at(at);
    if (path.empty() || path == kStandardOutput) continue;
    check_replaceable(path);
    if (kForms.at(at).text == nullptr && std::filesystem::is_regular_file(path) &&
        std::filesystem::file_size(path) != 0)
      (void)read_csv_history(path);  // another file, or a damaged one
  }
}

void ResultOutputs::label(Result& result) const {
  if (!title_.empty()) result.title = title_;
  if (!machine_.empty()) name_machine(result, machine_);
  if (commit_.empty()) return;
  if (!result.environment.is_object()) result.environment = nlohmann::json::object();
  result.environment["commit"] = commit_;
  for (Origin& origin : result.origins)
    if (origin.environment.is_object()) origin.environment.erase("commit");
}

void ResultOutputs::write_form(std::size_t at, const Result& result,
                               const ComparisonReport* comparison) const {
  const Form& form = kForms.at(at);
  const std::string& path = paths_.at(at);
  if (std::string_view(form.flag) == kLatencyLog && !latency_log_.empty())
    write_output(path, latency_log_);
  else if (form.text != nullptr)
    write_output(path, form.text(result, comparison));
  else if (path == kStandardOutput)
    write_output(path, csv_history_header() + csv_history(result));
  else
    append_csv_history(path, result);
}

void ResultOutputs::write(const Result& result, const ComparisonReport* comparison,
                          ResultFile* file) const {
  std::exception_ptr first;
  const auto attempt = [&first](const auto& act) {
    try {
      act();
    } catch (const Error&) {
      if (!first) first = std::current_exception();
    }
  };
  if (file != nullptr) attempt([&] { file->save(result); });
  for (std::size_t at = 0; at < paths_.size(); ++at)
    if (!paths_.at(at).empty()) attempt([&] { write_form(at, result, comparison); });
  if (first) std::rethrow_exception(first);
}

std::string output_place(const std::string& path) {
  return path == kStandardOutput ? "/dev/stdout" : path;
}

void write_output(const std::string& path, const std::string& text) {
  if (path != kStandardOutput) {
    replace_file(path, text);
    return;
  }
  // By the descriptor that is there: /dev/stdout would open a file again, at its beginning.
  std::fflush(stdout);
  if (const int error = write_all(STDOUT_FILENO, text))
    throw_system_error(error, "write to", "standard output");
}

void report_failed_save(const Error& error) {
  print_wrapped(stderr,
                fmt::format("tunrelay: {}\ntunrelay: what is measured is printed at the end all "
                            "the same\n",
                            error.what()));
}

}  // namespace tunrelay
