// SPDX-License-Identifier: MIT
// What a running tunnel answers at its control socket:
//
//   {"method": "show"}   -> {"version", "a", "b", "link": LINK, "report": {}}
//   {"method": "set", "a_to_b": TEXT, "b_to_a": TEXT, "seed": N, "file_bytes": [N, ...]}; stages
//   that
//                    are left out stay, and without a seed another is drawn. Files that the texts
//                    name come as an attachment (os/attachment.hpp), one behind the other in
//                    the order in which they are named, each with so many bytes: the relay opens
//                    none, it has rights that the client may not have
//                    -> {"link": LINK, "change": {"a_to_b": "changed in place", "b_to_a":
//                        "replaced"}}
//   {"method": "scenario", "files": [{"name", "bytes"}, ...], "seed": N}
//                    with an attachment as above: the scenario's own file first, then all that it
//                    names; {"method": "scenario", "stop": true} ends the one that plays
//                    -> as "set"
//   {"method": "capture_start", "file", "filter", "snap_bytes", "wire_segments", "buffer_bytes"}
//                    with the open file as a descriptor; the capture ends with the connection
//                    -> {}
//   {"method": "capture_report"}, {"method": "capture_stop"} -> {"capture": {}}
//   {"method": "record_start", "file", "interval_ns"}, {"method": "record_report"},
//   {"method": "record_stop"}
//                    likewise -> {"record": {}}
//   {"method": "record_mark", "text"}
//                    an event of kind "mark" in the record that runs, whoever has begun it -> {}
//   {"method": "interval", "flows": N}
//                    what has happened since this client's last request of the kind, at first
//                    nothing, and its N largest flows, 50 at most
//                    -> {"version", "a", "b", "link": LINK, "path_proven", "stages": {"a_to_b":
//                    [TEXT, ...], ...}, "interval": as in a record, "flows": as in a report}
//
// LINK: {"a_to_b": TEXT, "b_to_a": TEXT, "seed": N}, the texts canonical.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "control/control_server.hpp"
#include "record/interval_reader.hpp"
#include "scenario/scenario.hpp"
#include "tunnel/tunnel.hpp"

namespace tunrelay {

class TunnelService final : public ControlService {
 public:
  /// The tunnel must outlive it.
  explicit TunnelService(Tunnel& tunnel) : tunnel_(tunnel) {}

  nlohmann::ordered_json answer(ControlClientId client, const nlohmann::json& request,
                                FileDescriptor passed) override;
  void left(ControlClientId client) noexcept override;

 private:
  nlohmann::ordered_json play_scenario(const nlohmann::json& request,
                                       const FileDescriptor& attachment);
  nlohmann::ordered_json set_link(const nlohmann::json& request, const FileDescriptor& attachment);
  void start_capture(ControlClientId client, const nlohmann::json& request, FileDescriptor file);
  void start_record(ControlClientId client, const nlohmann::json& request, FileDescriptor file);
  [[nodiscard]] nlohmann::ordered_json link() const;
  [[nodiscard]] nlohmann::ordered_json change_answer(
      const std::array<bool, kDirections>& in_place) const;
  [[nodiscard]] nlohmann::ordered_json next_interval(ControlClientId client,
                                                     const nlohmann::json& request);

  /// A client that asks for intervals.
  struct Follower {
    std::unique_ptr<IntervalReader> reader;
    std::int64_t link_changed_ns = 0;  ///< of the link that the reader follows
  };

  Tunnel& tunnel_;
  ControlClientId capturing_ = 0;  ///< who has started the capture; 0: nobody
  ControlClientId recording_ = 0;  ///< the record likewise
  std::map<ControlClientId, Follower> followers_;
};

/// A request, and the descriptor that goes with it, if it is open.
struct LinkRequest {
  nlohmann::json json;
  FileDescriptor attachment;
};
/// Requests the directions of LINK that are IS_NAMED, and its seed, if any. All of its files
/// were read. Throws Error.
[[nodiscard]] LinkRequest make_link_request(LinkDescription link, std::array<bool, 2> is_named);

/// Requests that SCENARIO is played.
[[nodiscard]] LinkRequest make_scenario_request(const Scenario& scenario,
                                                std::optional<std::uint64_t> seed);

/// The directions of TUNNEL's link that are not null become what these texts say. Files are read
/// with this process's rights. Throws Error; the link is as before then.
void change_link(Tunnel& tunnel, const char* a_to_b, const char* b_to_a);

/// Where a tunnel listens: PATH as the user gave it, or "auto", the usual place, or "none". Made
/// before exec enters a namespace of its own, where it is root.
struct ControlConfig {
  std::string path;
  bool is_asked_for = false;  ///< by a path; where the usual one can't be had, a note is enough
};
[[nodiscard]] ControlConfig control_config(const std::string& path, const TunnelOptions& options);

/// Null where none is wanted. Throws Error.
[[nodiscard]] std::unique_ptr<ControlServer> open_control(const ControlConfig& config,
                                                          ControlService& service);

}  // namespace tunrelay
