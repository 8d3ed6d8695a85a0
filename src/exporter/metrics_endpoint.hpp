// SPDX-License-Identifier: MIT
// The place where a Prometheus server, or curl, asks a running tunnel for its metrics: a small web
// server (libmicrohttpd) without a thread of its own. prometheus-cpp's Exposer has threads and
// binds when it starts, but `exec` must bind before it enters its private network, and be of one
// thread there; so prometheus-cpp makes the text alone.
#pragma once

#include <sys/types.h>

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "exporter/metrics_address.hpp"
#include "os/file_descriptor.hpp"
#include "tunnel/tunnel_report.hpp"

struct MHD_Daemon;

namespace tunrelay {

/// Used by one thread at a time: requests wait until it serves them.
class MetricsEndpoint {
 public:
  /// Listens, in the network that the calling thread is in: whoever connects waits. A unix socket
  /// has mode 0660. Throws Error: the port or path is taken, may not be used, or is none of this
  /// host's.
  explicit MetricsEndpoint(MetricsAddress address);
  /// Closes all connections, removes a unix socket.
  ~MetricsEndpoint();
  MetricsEndpoint(const MetricsEndpoint&) = delete;
  MetricsEndpoint& operator=(const MetricsEndpoint&) = delete;

  /// "http://127.0.0.1:9469/metrics", or "unix:PATH"; with the port that was chosen.
  [[nodiscard]] std::string place() const;

  /// From here on serve() answers requests with what READ returns, which may throw. Throws Error.
  void begin(std::function<TunnelReport()> read);
  /// After begin(). Readable when serve() has something to do, which must be called once in a few
  /// seconds at least.
  [[nodiscard]] int fd() const noexcept;
  void serve() noexcept;

 private:
  class Answers;  ///< what libmicrohttpd calls

  MetricsAddress address_;
  FileDescriptor listener_;
  ino_t inode_ = 0;  ///< of a unix socket's file, so that nobody else's is removed
  std::function<TunnelReport()> read_;
  MHD_Daemon* daemon_ = nullptr;
};

/// At what `--metrics TEXT` says; null for an empty one. Throws Error.
[[nodiscard]] std::unique_ptr<MetricsEndpoint> open_metrics(std::string_view text);

}  // namespace tunrelay
