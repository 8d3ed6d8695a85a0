// SPDX-License-Identifier: MIT
// The flags that describe a tunnel; `run` and `exec` share them.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "config/capture_flags.hpp"
#include "config/link_flags.hpp"
#include "config/record_flags.hpp"
#include "flow/flow_tables.hpp"
#include "tunnel/tunnel_options.hpp"

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace tunrelay {

/// As the user wrote them: the parser fills this, tunnel_options() reads it.
struct TunnelFlags {
  std::string device_a, device_b;
  std::string address_a, address_b;  ///< comma-separated lists
  std::string netns_a, netns_b;
  std::string type = "tun";
  std::string strategy = "policy";
  std::string engine = "auto";
  std::string offload = "on";
  std::string coalesce = "on";
  std::string cpus;
  std::string mtu = "1500";
  std::string busy_poll = "auto";
  std::string min_wait = "0";
  std::string queues = "auto";
  std::string path_check_interval = "5s";
  std::string control_socket = "auto";  ///< a path, auto or none
  std::string metrics;                  ///< an address or a path; empty: none
  std::string sandbox = "auto";
  std::string user;  ///< empty: whoever has started it
  LinkFlags link;
  std::string queue_memory = "256M";
  std::vector<std::string> stages;  ///< LIBRARY,KEY=VALUE,...
  std::string config_file;
  std::string state_directory;
  unsigned txqueuelen = 4096;
  std::string congestion_control;
  bool trace = false;
  CaptureFlags capture;
  RecordFlags record;
  std::string mahimahi_log;  ///< the beginning of two files' names; empty: none
  bool flows = false;
  std::size_t flow_limit = kDefaultFlowLimit;
  double burn_percent = 0;
};

/// Adds the flags to COMMAND. FLAGS must outlive the parser.
void add_tunnel_flags(CLI::App& command, TunnelFlags& flags);

/// Whether the flag says which devices, addresses and routes there are.
[[nodiscard]] bool is_route_flag(const CLI::Option& flag);

/// Throws a usage Error that names the flag.
TunnelOptions tunnel_options(const TunnelFlags& flags);

}  // namespace tunrelay
