// SPDX-License-Identifier: MIT
// A tunnel as another program holds it, behind the boundary of embed/tunrelay/tunnel_abi.h: the
// Tunnel with its control socket, a stop that any thread may request, and one descriptor to wait
// at.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

#include "control/control_server.hpp"
#include "control/tunnel_service.hpp"
#include "embed/tunrelay/tunnel_abi.h"
#include "exporter/metrics_endpoint.hpp"
#include "os/event_fd.hpp"
#include "os/file_descriptor.hpp"
#include "tunnel/tunnel.hpp"

namespace tunrelay {

/// Used by one thread at a time, but for request_stop(). No signal comes to the threads that it
/// makes, nor to the calling one but while that waits in attend().
class EmbeddedTunnel {
 public:
  /// Opens the tunnel: returns when its path is proven. Throws Error.
  explicit EmbeddedTunnel(const tunrelay_tunnel_setup& setup);
  /// As stop().
  ~EmbeddedTunnel() = default;
  EmbeddedTunnel(const EmbeddedTunnel&) = delete;
  EmbeddedTunnel& operator=(const EmbeddedTunnel&) = delete;

  /// Until DEADLINE_NS (CLOCK_MONOTONIC). Returns TUNRELAY_DEADLINE, _STOP_REQUESTED or _GONE.
  /// Throws Error once it was stopped, as all that need a running tunnel do.
  std::uint32_t attend(std::int64_t deadline_ns);
  /// Readable when attend() has something to do; -1 when stopped.
  [[nodiscard]] int fd() const noexcept { return waiting_.get(); }
  /// Safe in any thread and in a signal handler; errno stays.
  void request_stop() noexcept;
  bool check_path();
  /// Null: that direction stays. Throws Error.
  void change_link(const char* a_to_b, const char* b_to_a);
  /// What the management socket would answer, as JSON; valid until the next call. A copy of FD,
  /// where it is none of -1, goes with REQUEST. Throws Error.
  const std::string& request(const char* request, int fd);
  /// Both are valid until the next call of either.
  const std::string& report_json();
  const std::string& report_text();
  /// Throws Error with what could not be put back. May be called again.
  void stop();

 private:
  void make_waiting();
  void look();
  void wait(std::int64_t until_ns) const;
  void refuse_when_stopped(const char* attempt) const;

  void (*on_event_)(void*, const char*, const char*);
  void* event_context_;
  std::unique_ptr<Tunnel> tunnel_;
  std::unique_ptr<TunnelService> service_;
  std::unique_ptr<ControlServer> control_;
  std::unique_ptr<MetricsEndpoint> metrics_;  ///< null: nobody asked for them
  std::string report_;
  std::string answer_;
  EventFd stop_;
  std::atomic<bool> stop_requested_ = false;
  FileDescriptor timer_;    ///< readable when it is time for a look, though nothing was heard
  FileDescriptor waiting_;  ///< an epoll of all that there is to wait for; closed by the stop
};

}  // namespace tunrelay
