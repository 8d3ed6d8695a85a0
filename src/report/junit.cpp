// SPDX-License-Identifier: MIT
#include "report/junit.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "base/figure.hpp"
#include "report/escape.hpp"
#include "report/tables.hpp"
#include "result/test_path_summary.hpp"

namespace tunrelay {
namespace {

struct Case {
  std::string name;
  std::string kind;     ///< "failure", "error", "skipped"; empty: passed
  std::string message;  ///< of the kind
  std::string output;   ///< shown with the case
};

std::string case_xml(const std::string& suite, const Case& one) {
  std::string xml = fmt::format(R"(    <testcase classname="{}" name="{}">)", escape_markup(suite),
                                escape_markup(one.name));
  if (!one.kind.empty())
    xml += fmt::format("\n      <{} message=\"{}\"/>", one.kind, escape_markup(one.message));
  if (!one.output.empty())
    xml += fmt::format("\n      <system-out>{}</system-out>", escape_markup(one.output));
  return xml + "\n    </testcase>\n";
}

std::string suite_xml(const std::string& suite, const std::string& started_utc, double duration_s,
                      const nlohmann::json& environment, const std::vector<Case>& cases) {
  const auto count = [&cases](const char* kind) {
    return std::count_if(cases.begin(), cases.end(),
                         [kind](const Case& one) { return one.kind == kind; });
  };
  const std::string counts =
      fmt::format(R"(tests="{}" failures="{}" errors="{}" skipped="{}" time="{:.3f}")",
                  cases.size(), count("failure"), count("error"), count("skipped"),
                  std::isfinite(duration_s) ? duration_s : 0);
  // The schema's time has no zone.
  std::string timestamp = started_utc;
  if (timestamp.ends_with('Z')) timestamp.pop_back();
  std::string xml = fmt::format(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites {}>\n  <testsuite name=\"{}\" {}",
      counts, escape_markup(suite), counts);
  if (!timestamp.empty()) xml += fmt::format(" timestamp=\"{}\"", escape_markup(timestamp));
  xml += ">\n";
  const TextTable properties = details_table(environment);
  if (!properties.rows.empty()) {
    xml += "    <properties>\n";
    for (const auto& row : properties.rows)
      xml += fmt::format("      <property name=\"{}\" value=\"{}\"/>\n", escape_markup(row[0]),
                         escape_markup(row[1]));
    xml += "    </properties>\n";
  }
  for (const Case& one : cases) xml += case_xml(suite, one);
  return xml + "  </testsuite>\n</testsuites>\n";
}

Case case_of(const Metric& metric) {
  Case one{.name = metric.name, .kind = {}, .message = {}, .output = {}};
  for (const TestPathSummary& path : summarise(metric)) {
    one.output +=
        fmt::format("{}: {} ({}), {} rounds\n", path.path, format_figure(path.median, metric.unit),
                    format_range(path.lowest, path.highest, metric.unit), path.valid);
    if (path.valid != 0) continue;
    one.kind = "error";
    one.message += fmt::format("no sample of {} counts. ", path.path);
  }
  if (metric.samples.empty()) {
    one.kind = "error";
    one.message = "nothing was measured";
  }
  return one;
}

Case case_of(const ComparisonRow& row) {
  return {.name = row.metric,
          .kind = row.verdict == "worse"          ? "failure"
                  : row.verdict == "inconclusive" ? "skipped"
                                                  : "",
          .message = fmt::format("{}, {} ({} to {}): {}", row.verdict, format_change(row.ratio),
                                 format_change(row.ci_low), format_change(row.ci_high), row.reason),
          .output = fmt::format("base {}, head {}, p {:.3g}\n", format_figure(row.base, row.unit),
                                format_figure(row.head, row.unit), row.p)};
}

}  // namespace

std::string junit_xml(const Result& result) {
  std::vector<Case> cases;
  for (const Metric& metric : result.metrics) cases.push_back(case_of(metric));
  if (!result.complete)
    cases.push_back({.name = "complete", .kind = "error", .message = kIncomplete, .output = {}});
  return suite_xml("tunrelay." + result.suite, result.started_utc, result.duration_s,
                   result.environment, cases);
}

std::string junit_xml(const ComparisonReport& comparison, const std::string& started_utc) {
  std::vector<Case> cases;
  for (const ComparisonRow& row : comparison.rows)
    if (!row.verdict.empty()) cases.push_back(case_of(row));
  return suite_xml("tunrelay.compare", started_utc, 0, nullptr, cases);
}

}  // namespace tunrelay
