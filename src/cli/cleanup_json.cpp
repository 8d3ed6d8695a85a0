// SPDX-License-Identifier: MIT
#include "cli/cleanup_json.hpp"

namespace tunrelay {
namespace {

nlohmann::json left_json(const std::vector<JournalLeft>& journals) {
  nlohmann::json list = nlohmann::json::array();
  for (const JournalLeft& journal : journals)
    list.push_back({{"journal", journal.name}, {"reason", journal.reason}});
  return list;
}

}  // namespace

nlohmann::json cleanup_json(const CleanupReport& report, const char* event) {
  nlohmann::json failures = nlohmann::json::array();
  for (const UndoFailure& failure : report.failures) failures.push_back(failure.to_string());
  return {{"event", event},
          {"restored", report.restored},
          {"outdated", report.outdated},
          {"left", left_json(report.left)},
          {"unreadable", left_json(report.unreadable)},
          {"failures", failures}};
}

}  // namespace tunrelay
