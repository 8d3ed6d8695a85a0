// SPDX-License-Identifier: MIT
#include "suite/test_path_host.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "gen/load_json.hpp"
#include "suite/test_path_site.hpp"

namespace tunrelay {
namespace {

using nlohmann::json;

constexpr std::int64_t kReadyLimitNs = 30 * kNanosecondsPerSecond;
/// Beside the trial itself: proofs of the path before and after, the rest that is under way.
constexpr std::int64_t kTrialGraceNs = 40 * kNanosecondsPerSecond;
constexpr std::int64_t kEndLimitNs = 15 * kNanosecondsPerSecond;

PathTrial counts_of(const json& answer) {
  PathTrial trial;
  answer.at("cpu_ns").get_to(trial.cpu_ns);
  answer.at("segments").get_to(trial.segments);
  answer.at("dropped").get_to(trial.dropped);
  return trial;
}

}  // namespace

TestPathHost::TestPathHost(TestPathSpec spec) : spec_(std::move(spec)) {
  std::array<int, 2> ends{};
  check_system_call(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()), "make",
                    "a socketpair");
  FileDescriptor ours(ends[0]);
  FileDescriptor theirs(ends[1]);
  pid_ = check_system_call(::fork(), "fork for", "the path '" + spec_.name + "'");
  if (pid_ == 0) {
    ours.reset();
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::setpgid(0, 0);  // a keyboard's signals are for who runs the campaign
    ::_exit(serve_test_path(spec_, std::move(theirs)));
  }
  lines_ = std::make_unique<JsonLines>(std::move(ours), "the path '" + spec_.name + "'", "");
}

TestPathHost::~TestPathHost() {
  // The end of its requests is the end of the process. shutdown() ends them, since processes that
  // were forked later hold copies of our descriptor.
  ::shutdown(lines_->socket().get(), SHUT_RDWR);
  const std::int64_t end_ns = monotonic_ns() + kEndLimitNs;
  constexpr timespec kPause{.tv_sec = 0, .tv_nsec = 2 * kNanosecondsPerMillisecond};
  while (::waitpid(pid_, nullptr, WNOHANG) == 0) {
    if (monotonic_ns() > end_ns) ::kill(pid_, SIGKILL);
    ::nanosleep(&kPause, nullptr);
  }
}

json TestPathHost::call(const json& request, std::int64_t limit_ns) {
  if (!request.is_null()) lines_->send(request);
  return lines_->receive_answer(limit_ns, "use");
}

void TestPathHost::wait_until_ready() {
  description_ = call(nullptr, kReadyLimitNs).at("ready");
}

PathTrial TestPathHost::run_trial(const LoadSpec& spec, const std::string& name) {
  const json answer = call({{"method", "trial"}, {"name", name}, {"spec", to_json(spec)}},
                           2 * (spec.warm_up_ns + spec.duration_ns) + kTrialGraceNs);
  PathTrial trial = counts_of(answer);
  trial.trial = trial_report_from_json(answer.at("trial"));
  return trial;
}

TestPathHost::CommandRun TestPathHost::run_command(const std::vector<std::string>& server,
                                                   const std::vector<std::string>& command,
                                                   std::int64_t limit_ns, const std::string& name) {
  const json answer = call({{"method", "command"},
                            {"name", name},
                            {"server", server},
                            {"command", command},
                            {"limit_ns", limit_ns}},
                           limit_ns + kTrialGraceNs);
  CommandRun run;
  run.path = counts_of(answer);
  answer.at("output").get_to(run.output);
  answer.at("exit_code").get_to(run.exit_code);
  answer.at("invalid_reason").get_to(run.path.trial.invalid_reason);
  return run;
}

}  // namespace tunrelay
