// SPDX-License-Identifier: MIT
// The flags that describe a load: `gen` has them, and whoever else sends one.
#pragma once

#include <string>

#include "gen/load_spec.hpp"

namespace CLI {
class App;
}

namespace tunrelay {

/// As the user wrote them: the parser fills this, load_spec() reads it.
struct GenFlags {
  bool tcp = false;
  bool request_response = false;
  bool connections = false;
  bool reverse = false;
  bool both = false;
  std::string size;        ///< a comma-separated list
  std::string frame_size;  ///< the same, Ethernet frames
  bool imix = false;
  std::string rate;
  std::string packet_rate;
  std::string time = "10s";
  std::string warm_up = "0";
  std::uint64_t count = 0;
  std::size_t flows = 1;
  std::size_t threads = 1;
  std::uint32_t segments = 1;
  bool receive_merged = false;
  std::uint64_t seed = 1;
  std::string source_cpus, sink_cpus;
  std::string congestion_control;
  std::string slip_limit = "1ms";
};

/// Adds the flags to COMMAND. FLAGS must outlive the parser.
void add_gen_flags(CLI::App& command, GenFlags& flags);

/// FAMILY: of the addresses, since frame sizes become payloads. Throws a usage Error.
LoadSpec load_spec(const GenFlags& flags, IpFamily family);

}  // namespace tunrelay
