// A link in a network namespace and a process of its own, with both ends of the generator beside
// it: several links stand side by side, each at rest but for its trials, and whatever happens to
// one ends with its process.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/json_lines.hpp"
#include "gen/load_report.hpp"
#include "gen/load_spec.hpp"
#include "suite/link.hpp"

namespace tunrelay {

/// A trial across a link, and what the link counted meanwhile.
struct LinkTrial {
  TrialReport trial;  ///< void, too, when not all of it crossed the link
  std::int64_t cpu_ns = 0;
  std::uint64_t segments = 0;  ///< both directions
  std::uint64_t dropped = 0;   ///< packets, as LinkCounts has them
};

/// Used by one thread, which must be the only one when it is made: the process is a fork.
class LinkHost {
 public:
  /// Starts the process; ready() waits for the link.
  explicit LinkHost(LinkSpec spec);
  /// Has the link taken down; kills what does not end.
  ~LinkHost();
  LinkHost(const LinkHost&) = delete;
  LinkHost& operator=(const LinkHost&) = delete;

  /// Throws Error, with what the process said, when the link can't be made.
  void wait_until_ready();
  [[nodiscard]] const LinkSpec& spec() const noexcept { return spec_; }
  /// What the link is; when it is ready.
  [[nodiscard]] const nlohmann::json& description() const noexcept { return description_; }
  /// Throws Error when the link is gone.
  [[nodiscard]] LinkTrial run_trial(const LoadSpec& spec);
  /// Runs COMMAND in the link's network to its end; "{a}" and "{b}" in its words stand for the
  /// addresses. SERVER, where not empty, runs beside it. What COMMAND wrote, and the counts in a
  /// LinkTrial without a trial.
  struct CommandRun {
    std::string output;
    int exit_code = 0;
    LinkTrial link;
  };
  [[nodiscard]] CommandRun run_command(const std::vector<std::string>& server,
                                       const std::vector<std::string>& command,
                                       std::int64_t limit_ns);

 private:
  nlohmann::json ask(const nlohmann::json& question, std::int64_t limit_ns);

  LinkSpec spec_;
  pid_t pid_ = -1;
  std::unique_ptr<JsonLines> lines_;
  nlohmann::json description_;
};

}  // namespace tunrelay
