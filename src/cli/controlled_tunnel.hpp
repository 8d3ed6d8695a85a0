// SPDX-License-Identifier: MIT
// A running tunnel with a control socket: what `run` and `exec` have in common.
#pragma once

#include <fcntl.h>

#include <cstdio>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/clean_text.hpp"
#include "base/error.hpp"
#include "config/tunnel_flags.hpp"
#include "control/control_server.hpp"
#include "control/tunnel_service.hpp"
#include "exporter/metrics_endpoint.hpp"
#include "os/print.hpp"
#include "tunnel/tunnel.hpp"

namespace tunrelay {

/// Has OPTIONS say which files are changed while the tunnel runs, or at its end: OTHERS, unless
/// they are empty, and those of FLAGS; and which sockets are removed then.
void name_later_files(const TunnelFlags& flags, const std::vector<std::string>& others,
                      TunnelOptions& options);

/// Used by one thread.
class ControlledTunnel {
 public:
  /// Starts it, and listens where WISH says. Throws Error.
  ControlledTunnel(TunnelOptions options, const ControlConfig& config)
      : tunnel_(listening_at(std::move(options), config.path)) {
    tunnel_.start([&] { control_ = open_control(config, service_); });
  }
  ~ControlledTunnel() { stop(); }
  ControlledTunnel(const ControlledTunnel&) = delete;
  ControlledTunnel& operator=(const ControlledTunnel&) = delete;

  Tunnel* operator->() noexcept { return &tunnel_; }
  Tunnel& operator*() noexcept { return tunnel_; }
  /// Null where it does not listen.
  [[nodiscard]] ControlServer* control() noexcept { return control_.get(); }
  /// From here on METRICS, unless null, are this tunnel's; it must outlive them. Says where they
  /// are.
  void show_at(MetricsEndpoint* metrics) {
    if (metrics == nullptr) return;
    metrics->begin([this] { return tunnel_.report(); });
    print_wrapped(stderr, "tunrelay: metrics at " + clean_line(metrics->place()) + "\n");
  }
  /// As a client of the socket would ask it, which may not be there (control/tunnel_service.hpp).
  nlohmann::json ask(const nlohmann::json& request, int passed) {
    FileDescriptor attachment;
    if (passed >= 0)
      attachment = FileDescriptor(
          check_system_call(::fcntl(passed, F_DUPFD_CLOEXEC, 0), "pass on", "what a link names"));
    return service_.answer(kProgramItself, request, std::move(attachment));
  }
  /// What could not be undone, as text.
  std::vector<std::string> stop() noexcept {
    control_.reset();
    return tunnel_.stop();
  }

 private:
  static TunnelOptions listening_at(TunnelOptions options, const std::string& path) {
    // The janitor removes it, also of a tunnel that has no right to do that any more.
    if (!path.empty()) options.socket_paths.push_back(path);
    return options;
  }

  Tunnel tunnel_;
  TunnelService service_{tunnel_};
  std::unique_ptr<ControlServer> control_;
};

}  // namespace tunrelay
