// SPDX-License-Identifier: MIT
// A tunnel in a program of yours, with your stages compiled into it: make a Setup, open a Tunnel,
// attend it. The guide is share/doc/tunrelay/embedding.md (src/embed/README.md); what holds for
// threads, signals and processes stands in tunnel_abi.h, on which this stands. Link libtunrelay:
// find_package(tunrelay), tunrelay::tunrelay; or pkg-config tunrelay.
#pragma once

#include <tunrelay/tunnel_abi.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tunrelay::embed {

enum class FailureKind {
  kFailed = TUNRELAY_FAILED,
  kUsage = TUNRELAY_USAGE,              ///< a usage error
  kUnsupported = TUNRELAY_UNSUPPORTED,  ///< this host can't: no permission, no tun, a conflict
};

/// what() names the attempt, the object, the cause and a hint.
class Failure : public std::runtime_error {
 public:
  Failure(FailureKind kind, const char* text) : std::runtime_error(text), kind_(kind) {}
  [[nodiscard]] FailureKind kind() const noexcept { return kind_; }

 private:
  FailureKind kind_;
};

/// KEY and VALUE.
using Options = std::vector<std::pair<std::string, std::string>>;

/// A stage of the program: tunrelay::plugin::describe<Mine>("mine", Access, Pairs) makes the
/// descriptor (tunrelay/stage.hpp), which must outlive the tunnel.
struct Stage {
  const tunrelay_stage_descriptor& descriptor;
  Options options = {};
  void* context = nullptr;  ///< its endpoints find it as site().context
};

struct Setup {
  Options options = {};  ///< the flags of `tunrelay run` without their dashes
  std::vector<Stage> stages = {};
  bool private_network = false;  ///< the process moves into one, for good; as `tunrelay exec`
  bool janitor = true;           ///< a child that restores the host should the program be killed
  /// What happens to the tunnel, within attend(): "note", "broken", "repaired" or "gone", and a
  /// sentence. It must not throw.
  std::function<void(std::string_view kind, std::string_view text)> on_event = {};
};

enum class Reason : std::uint32_t {
  kDeadline = TUNRELAY_DEADLINE,
  kStopRequested = TUNRELAY_STOP_REQUESTED,
  kGone = TUNRELAY_GONE,  ///< a device was deleted: nothing can cross any more
};

/// Used by one thread at a time, but for request_stop().
class Tunnel {
 public:
  /// Returns when packets cross. Throws Failure, and all is as before.
  explicit Tunnel(const Setup& setup)
      : on_event_(std::make_unique<EventFunction>(setup.on_event)), tunnel_(open(setup)) {}

  /// Looks after the tunnel, as must be done at least once a second, until a stop is requested.
  Reason attend() { return attend_until(TUNRELAY_NEVER); }
  Reason attend_for(std::chrono::nanoseconds duration) {
    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    return attend_until(std::chrono::nanoseconds(now + duration).count());
  }
  /// DEADLINE_NS is CLOCK_MONOTONIC's, as std::chrono::steady_clock has it; one that is past: a
  /// look.
  Reason attend_until(std::int64_t deadline_ns) {
    std::uint32_t reason = 0;
    check(tunrelay_tunnel_attend(tunnel_.get(), deadline_ns, &reason));
    return static_cast<Reason>(reason);
  }
  /// For loops of your own: when it is readable, call attend_until(0). -1 when stopped.
  [[nodiscard]] int fd() const noexcept { return tunrelay_tunnel_fd(tunnel_.get()); }
  /// Ends attend(), now and from now on. For any thread, and for signal handlers.
  void request_stop() noexcept { tunrelay_tunnel_request_stop(tunnel_.get()); }

  /// Whether probes cross both ways; where they don't, the report says why.
  bool check_path() {
    int is_proven = 0;
    check(tunrelay_tunnel_check_path(tunnel_.get(), &is_proven));
    return is_proven != 0;
  }
  /// What packets meet from now on, as "delay 20ms, loss 0.1%"; "" is nothing, null stays.
  void change_link(const char* a_to_b, const char* b_to_a) {
    check(tunrelay_tunnel_change_link(tunnel_.get(), a_to_b, b_to_a));
  }
  /// As `tunrelay run --json` prints it, and as text.
  [[nodiscard]] std::string report_json() { return text_of(&tunrelay_tunnel_report_json); }
  [[nodiscard]] std::string report_text() { return text_of(&tunrelay_tunnel_report_text); }
  /// Puts the host back as it was; the destructor does it too. Throws Failure with what could not
  /// be put back.
  void stop() { check(tunrelay_tunnel_stop(tunnel_.get())); }

 private:
  using EventFunction = std::function<void(std::string_view, std::string_view)>;
  struct Close {
    void operator()(tunrelay_tunnel* tunnel) const noexcept { tunrelay_tunnel_close(tunnel); }
  };

  static void check(int answer) {
    if (answer != TUNRELAY_DONE)
      throw Failure(static_cast<FailureKind>(answer), tunrelay_failure_text());
  }

  static std::vector<tunrelay_option> pointers_to(const Options& options) {
    std::vector<tunrelay_option> pointers;
    for (const auto& [key, value] : options) pointers.push_back({key.c_str(), value.c_str()});
    return pointers;
  }

  static void pass_event(void* context, const char* kind, const char* text) noexcept {
    if (const EventFunction& on_event = *static_cast<EventFunction*>(context)) on_event(kind, text);
  }

  tunrelay_tunnel* open(const Setup& setup) {
    const std::vector<tunrelay_option> options = pointers_to(setup.options);
    std::vector<std::vector<tunrelay_option>> stage_options;
    std::vector<tunrelay_built_in_stage> stages;
    for (const Stage& stage : setup.stages) {
      const auto& own = stage_options.emplace_back(pointers_to(stage.options));
      stages.push_back({&stage.descriptor, own.data(), own.size(), stage.context});
    }
    const std::uint32_t flags = (setup.private_network ? TUNRELAY_PRIVATE_NETWORK : 0U) |
                                (setup.janitor ? 0U : TUNRELAY_NO_JANITOR);
    const tunrelay_tunnel_setup plain{TUNRELAY_TUNNEL_ABI_VERSION,
                                      flags,
                                      options.data(),
                                      options.size(),
                                      stages.data(),
                                      stages.size(),
                                      &pass_event,
                                      on_event_.get()};
    tunrelay_tunnel* tunnel = nullptr;
    check(tunrelay_tunnel_open(&plain, &tunnel));
    return tunnel;
  }

  std::string text_of(int (*report)(tunrelay_tunnel*, const char**)) {
    const char* text = nullptr;
    check(report(tunnel_.get(), &text));
    return text;
  }

  std::unique_ptr<EventFunction> on_event_;  ///< stays where it is when the tunnel is moved
  std::unique_ptr<tunrelay_tunnel, Close> tunnel_;
};

}  // namespace tunrelay::embed
