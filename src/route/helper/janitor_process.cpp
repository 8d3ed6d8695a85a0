// SPDX-License-Identifier: MIT
#include "route/helper/janitor_process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <exception>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "os/attachment.hpp"
#include "os/momentary.hpp"
#include "os/passed_descriptor.hpp"
#include "os/print.hpp"
#include "os/wait_until.hpp"
#include "route/apply/cleanup.hpp"
#include "route/helper/helper.hpp"
#include "route/helper/plan_text.hpp"
#include "route/helper/private_namespaces.hpp"
#include "route/watch/repair_limit.hpp"

namespace tunrelay {
namespace {

// Where the janitor keeps its two descriptors, behind the standard ones.
constexpr int kTunnel = 3;
constexpr int kSocket = 4;
// That of a plan with tens of thousands of addresses.
constexpr std::size_t kMaxPlanBytes = std::size_t{64} << 20U;

/// To a reader who may have stopped reading: the host is restored all the same.
void complain(const std::string& text) {
  print_text(stderr, "tunrelay-janitor: " + text + "\n", kNanosecondsPerSecond);
}

/// Away from the terminal, deaf to what ends the tunnel, and holding nothing of it open. Whether
/// the tunnel's death can be seen by a pidfd. Throws Error, should the socket not be kept.
bool detach(int tunnel, int socket) {
  ::setsid();
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE}) ::signal(signal, SIG_IGN);
  sigset_t none;
  ::sigemptyset(&none);
  ::pthread_sigmask(SIG_SETMASK, &none, nullptr);
  [[maybe_unused]] const int moved = ::chdir("/");
  // Through higher numbers, so that neither of the two is overwritten before it is moved.
  constexpr int kHigh = 10;
  const int high_tunnel = tunnel < 0 ? -1 : ::fcntl(tunnel, F_DUPFD, kHigh);
  const int high_socket =
      check_system_call(::fcntl(socket, F_DUPFD, kHigh), "keep", "the line to the tunnel");
  // Who reads the tunnel's output shall see its end.
  const int null = ::open("/dev/null", O_RDWR);
  for (const int standard : {STDIN_FILENO, STDOUT_FILENO})
    if (null < 0 || ::dup2(null, standard) < 0) ::close(standard);
  const bool has_pidfd = high_tunnel >= 0 && ::dup2(high_tunnel, kTunnel) >= 0;
  if (!has_pidfd) ::close(kTunnel);
  check_system_call(::dup2(high_socket, kSocket), "keep", "the line to the tunnel");
  ::close_range(kSocket + 1, ~0U, 0);
  return has_pidfd;
}

/// Nothing else is removed, should something else stand there by now.
void remove_sockets(const std::vector<std::string>& paths) {
  for (const std::string& path : paths) {
    struct stat status {};
    if (::lstat(path.c_str(), &status) == 0 && S_ISSOCK(status.st_mode)) ::unlink(path.c_str());
  }
}

void restore_from_journal(const JanitorDuty& duty) {
  CleanupOptions options;
  options.persistent_too = true;
  options.instance = duty.instance;
  options.this_netns_only = true;
  const CleanupReport report = clean_up_leftovers(duty.journal_directory, options);
  for (const UndoFailure& failure : report.failures) complain(failure.to_string());
  for (const JournalLeft& journal : report.unreadable) complain(journal.reason);
}

/// One of the two processes: first alone, until it gets a plan, then as the helper, which answers,
/// or as the janitor, which does nothing but fork the next helper when that is killed. A helper
/// whose janitor is killed becomes the janitor of another.
class JanitorProcess {
 public:
  JanitorProcess(const JanitorDuty& duty, bool has_pidfd)
      : duty_(duty), tunnel_(has_pidfd ? kTunnel : -1), socket_(kSocket) {}

  /// The exit code.
  int run() {
    ::prctl(PR_SET_NAME, "tunrelay-janitor");
    const End end = serve(FileDescriptor());
    return end == End::kHasPlan ? keep_a_helper() : finish(end);
  }

 private:
  enum class End { kDismissed, kTunnelDied, kPartnerDied, kHasPlan };

  int keep_a_helper() {
    for (;;) {
      FileDescriptor self = open_pidfd(::getpid());
      const pid_t helper = ::fork();
      if (helper < 0) return finish(serve(FileDescriptor()));  // alone, then
      if (helper == 0) {
        const End end = help(std::move(self));
        if (end != End::kPartnerDied) return finish(end);
        ::prctl(PR_SET_NAME, "tunrelay-janitor");
        is_helper_ = false;
      } else if (const auto exit_code = wait_for(helper)) {
        return *exit_code;
      }
      is_replaced_ = true;
      wait_for_limit();
    }
  }

  End help(FileDescriptor janitor) {
    ::prctl(PR_SET_NAME, "tunrelay-helper");
    is_helper_ = true;
    try {
      helper_->begin();
    } catch (const std::exception& error) {
      complain(error.what());
      be_replaced();
    }
    if (is_replaced_) answer({}, FileDescriptor());
    return serve(std::move(janitor));
  }

  /// Nothing when it was killed.
  static std::optional<int> wait_for(pid_t helper) {
    int status = 0;
    while (::waitpid(helper, &status, 0) < 0 && errno == EINTR) continue;
    if (WIFEXITED(status)) return WEXITSTATUS(status);
    return std::nullopt;
  }

  /// Who kills each does not keep us busy.
  void wait_for_limit() {
    const auto is_allowed = [this] {
      const std::int64_t now_ns = monotonic_ns();
      return limit_.allows(now_ns, now_ns);
    };
    static_cast<void>(
        wait_until(is_allowed, 2 * RepairLimit::kIntervalNs, 10 * kNanosecondsPerMillisecond));
    limit_.count(monotonic_ns());
  }

  /// Does what is asked for, until the end, or until there is a plan and another process is wanted.
  /// JANITOR: a pidfd of that process; not open: there is none.
  End serve(FileDescriptor janitor) {
    // poll() passes over negative descriptors.
    std::array<pollfd, 3> waits{{{.fd = tunnel_.get(), .events = POLLIN, .revents = 0},
                                 {.fd = socket_.get(), .events = POLLIN, .revents = 0},
                                 {.fd = janitor.get(), .events = POLLIN, .revents = 0}}};
    for (;;) {
      if (::poll(waits.data(), waits.size(), -1) < 0) continue;
      if (waits[1].revents != 0) {
        const bool had_plan = helper_ != nullptr;
        if (const auto end = serve_one()) {
          if (*end == End::kDismissed || !tunnel_.is_open()) return *end;
          waits[1].fd = -1;  // left to wait for the process itself
        }
        if (helper_ && !had_plan) return End::kHasPlan;
      }
      if (waits[0].revents != 0) return End::kTunnelDied;
      if (waits[2].revents != 0) return End::kPartnerDied;
    }
  }

  std::optional<End> serve_one() {
    // A byte more than a request has, so that a longer message is not taken for one.
    std::array<std::byte, sizeof(HelperRequest) + 1> bytes{};
    FileDescriptor passed;
    const ssize_t count = receive_with_descriptor(socket_, reinterpret_cast<char*>(bytes.data()),
                                                  bytes.size(), passed);
    if (count == 0) return End::kTunnelDied;
    if (count < 0)
      return errno == EAGAIN || is_momentary(errno) ? std::nullopt
                                                    : std::optional(End::kTunnelDied);
    const auto came = std::span(bytes).first(static_cast<std::size_t>(count));
    const auto request = parse_helper_request(came, helper_ ? helper_->steps() : 0);
    if (!request) {
      HelperAnswer refusal{.system_errno = EINVAL};
      // So that who asked knows what was refused; 0 has another meaning.
      if (came.size() >= sizeof refusal.number)
        std::memcpy(&refusal.number, came.data(), sizeof refusal.number);
      if (refusal.number != 0) answer(refusal, FileDescriptor());
      return std::nullopt;
    }
    if (request->kind == HelperRequestKind::kDismiss) return End::kDismissed;
    if (!helper_) {
      answer(take(*request, std::move(passed)), FileDescriptor());
      return std::nullopt;
    }
    if (request->kind == HelperRequestKind::kUndo) remove_sockets(duty_.socket_paths);
    FileDescriptor opened;
    const HelperAnswer said = helper_->answer(*request, opened);
    answer(said, std::move(opened));
    return std::nullopt;
  }

  HelperAnswer take(const HelperRequest& request, FileDescriptor passed) {
    HelperAnswer taken{.number = request.number};
    try {
      if (request.kind == HelperRequestKind::kTakeJournal)
        journal_ = std::make_unique<Journal>(JournalDirectory::open(duty_.journal_directory),
                                             duty_.instance, std::move(passed));
      else
        helper_ = std::make_unique<Helper>(parse_plan(read_attachment(passed, kMaxPlanBytes)),
                                           std::move(journal_));
    } catch (const std::exception& error) {
      complain(error.what());
      taken.system_errno = EPROTO;
    }
    return taken;
  }

  /// Who asked waits for it. Where a descriptor is refused on the way (a security module), it gets
  /// the errno; and the helper that can't answer at all is followed by one that is asked again.
  void answer(const HelperAnswer& said, FileDescriptor opened) const {
    const int error = send_message(socket_, said, opened.get());
    if (error == 0 || error == EPIPE || error == ECONNRESET) return;  // nobody waits
    const HelperAnswer refusal{.number = said.number,
                               .system_errno = static_cast<std::uint32_t>(error)};
    if (opened.is_open() && send_message(socket_, refusal, -1) == 0) return;
    if (is_helper_) be_replaced();
  }

  /// A helper that ends by a signal is followed by another.
  [[noreturn]] static void be_replaced() noexcept {
    ::kill(::getpid(), SIGKILL);
    ::_exit(1);
  }

  int finish(End end) {
    if (end != End::kTunnelDied) return 0;
    if (helper_ && !duty_.journal_directory.empty())
      for (const UndoFailure& failure : helper_->restore()) complain(failure.to_string());
    else if (!duty_.journal_directory.empty()) {
      // Killed between the journal and the plan: a lock of ours would be taken for a tunnel's.
      journal_.reset();
      restore_from_journal(duty_);
    }
    if (duty_.left_namespaces) empty(PrivateNamespaces(*duty_.left_namespaces));
    remove_sockets(duty_.socket_paths);
    return 0;
  }

  static void empty(const PrivateNamespaces& namespaces) {
    if (namespaces.is_private())
      namespaces.empty();
    else
      complain("this network namespace is not private, so nobody is killed");
  }

  const JanitorDuty& duty_;
  FileDescriptor tunnel_;
  FileDescriptor socket_;
  std::unique_ptr<Journal> journal_;  ///< until there is a plan
  std::unique_ptr<Helper> helper_;    ///< null: there is no plan yet
  RepairLimit limit_;
  bool is_replaced_ = false;  ///< one of the two was killed
  bool is_helper_ = false;    ///< another process would follow
};

}  // namespace

void be_janitor(const JanitorDuty& duty, FileDescriptor tunnel, FileDescriptor socket) {
  int exit_code = 0;
  try {
    const bool has_pidfd = detach(tunnel.get(), socket.get());
    static_cast<void>(tunnel.release());
    static_cast<void>(socket.release());
    if (duty.confine) duty.confine();
    JanitorProcess process(duty, has_pidfd);
    exit_code = process.run();
    ::_exit(exit_code);  // nothing is undone once more
  } catch (const std::exception& error) {
    complain(error.what());
    exit_code = 1;
  }
  ::_exit(exit_code);
}

}  // namespace tunrelay
