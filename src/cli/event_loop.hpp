// SPDX-License-Identifier: MIT
// Attending a running tunnel from the command line: waits for signals and for what else ends
// the wait, lets the tunnel look after itself, and reports to the user what happened.
#pragma once

#include <cstdint>
#include <cstdio>
#include <functional>
#include <vector>

#include "base/log_once.hpp"
#include "cli/service_manager.hpp"
#include "control/control_server.hpp"
#include "exporter/metrics_endpoint.hpp"
#include "os/output_queue.hpp"
#include "os/signal_watch.hpp"
#include "tunnel/tunnel.hpp"

namespace tunrelay {

/// Somebody else who has turns in the loop.
class EventLoopGuest {
 public:
  virtual ~EventLoopGuest() = default;
  /// Waited for besides; negative: nothing is.
  [[nodiscard]] virtual int fd() const noexcept = 0;
  /// The time of its next turn at the latest (CLOCK_MONOTONIC).
  [[nodiscard]] virtual std::int64_t due_ns() const noexcept = 0;
  /// EVENTS: of its descriptor, as poll(2) has them.
  virtual void take_turn(short events) = 0;
};

class EventLoop {
 public:
  enum class Answer { kGoOn, kStop };
  enum class End {
    kRequested,  ///< by a signal, or by the descriptor that was waited for
    kGone,       ///< the tunnel can't go on: a device was deleted
  };

  /// Events go to standard error as text, or as JSON lines to standard output.
  EventLoop(Tunnel& tunnel, bool json) : tunnel_(tunnel), json_(json) {}

  /// Where what is printed meanwhile goes, so that nobody waits for its reader: standard output's
  /// for STREAM if it is that, and standard error's otherwise.
  [[nodiscard]] OutputQueue& output(const std::FILE* stream) noexcept {
    return stream == stdout ? output_ : errors_;
  }
  /// Once the tunnel has ended: gives readers PATIENCE_NS for what they have not taken. Whether
  /// they took all of it.
  bool finish_output(std::int64_t patience_ns) noexcept {
    const bool has_printed = output_.finish(patience_ns);
    return errors_.finish(has_printed ? patience_ns : 0) && has_printed;
  }

  /// Lets CONTROL answer meanwhile; null: nobody.
  void serve(ControlServer* control) noexcept { control_ = control; }

  /// Lets METRICS, which have begun, be asked for meanwhile; null: there are none.
  void serve_metrics(MetricsEndpoint* metrics) noexcept { metrics_ = metrics; }

  /// Lets MANAGER know that we live meanwhile; null: nobody.
  void report_to(ServiceManager* manager) noexcept { manager_ = manager; }

  /// Gives GUEST its turns meanwhile; null: there is none.
  void receive(EventLoopGuest* guest) noexcept { guest_ = guest; }

  /// Until ON_SIGNAL answers kStop, or END_FD (if not negative) becomes readable.
  End until_signal(const SignalWatch& signals, const std::function<Answer(int)>& on_signal,
                   int end_fd = -1);

 private:
  void report(const std::vector<TunnelEvent>& events);
  void print(const TunnelEvent& event);
  void go_on_printing();
  void look_after_tunnel();
  [[nodiscard]] int wait_ms() const;

  Tunnel& tunnel_;
  bool json_;
  OutputQueue output_{stdout};
  OutputQueue errors_{stderr};
  ControlServer* control_ = nullptr;
  MetricsEndpoint* metrics_ = nullptr;
  ServiceManager* manager_ = nullptr;
  EventLoopGuest* guest_ = nullptr;
  LogOnce news_;
};

}  // namespace tunrelay
