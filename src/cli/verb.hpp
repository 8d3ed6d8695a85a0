// A verb of the command line: it adds its flags to the parser and, when it was chosen, runs.
// One file a verb; command_line.cpp lists them.
#pragma once

#include <functional>
#include <memory>

namespace CLI {
class App;
}

namespace tunrelay {

/// Which words of another program may stand behind a verb's own.
enum class OtherWords {
  kNone,
  kCommand,       ///< a command: from the first word on that is neither a flag nor a flag's value
  kBehindDashes,  ///< behind "--" alone
};

/// Adds the verb's sub-command to APP. The returned function runs it and gives the exit code;
/// it is called when the sub-command was parsed.
struct Verb {
  CLI::App* command = nullptr;
  std::function<int()> run;
  OtherWords other_words = OtherWords::kNone;
};

Verb add_run_verb(CLI::App& app);
Verb add_exec_verb(CLI::App& app);
Verb add_routes_verb(CLI::App& app);
Verb add_cleanup_verb(CLI::App& app);
Verb add_doctor_verb(CLI::App& app);
Verb add_gen_verb(CLI::App& app);
Verb add_capture_verb(CLI::App& app);
Verb add_compare_verb(CLI::App& app);
Verb add_bench_verb(CLI::App& app);
Verb add_link_verb(CLI::App& app);
Verb add_report_verb(CLI::App& app);
Verb add_trend_verb(CLI::App& app);
Verb add_replay_verb(CLI::App& app);

}  // namespace tunrelay
