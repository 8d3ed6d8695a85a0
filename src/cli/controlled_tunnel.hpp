// SPDX-License-Identifier: MIT
// A running tunnel with a control socket: what `run` and `exec` have in common.
#pragma once

#include <cstdio>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/clean_text.hpp"
#include "control/control_server.hpp"
#include "control/tunnel_service.hpp"
#include "exporter/metrics_endpoint.hpp"
#include "os/print.hpp"
#include "tunnel/tunnel.hpp"

namespace tunrelay {

/// Used by one thread.
class ControlledTunnel {
 public:
  /// Starts it, and listens where WISH says. Throws Error.
  ControlledTunnel(TunnelOptions options, const ControlConfig& config)
      : tunnel_(listening_at(std::move(options), config.path)) {
    tunnel_.start();
    control_ = open_control(config, service_);
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
  /// What could not be undone, as text.
  std::vector<std::string> stop() noexcept {
    control_.reset();
    return tunnel_.stop();
  }

 private:
  static TunnelOptions listening_at(TunnelOptions options, const std::string& path) {
    options.control_path = path;  // the janitor of a killed tunnel removes it
    options.janitor_program = "/proc/self/exe";
    return options;
  }

  Tunnel tunnel_;
  TunnelService service_{tunnel_};
  std::unique_ptr<ControlServer> control_;
};

}  // namespace tunrelay
