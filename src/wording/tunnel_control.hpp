// What a running tunnel answers at its control socket:
//
//   {"do": "show"}   -> {"version", "a", "b", "link": LINK, "report": {}}
//   {"do": "set", "a_to_b": TEXT, "b_to_a": TEXT, "seed": N}; stages that are left out stay, and
//   without a seed another is drawn
//                    -> {"link": LINK}
//   {"do": "capture_start", "file", "filter", "snap_bytes", "wire_segments", "buffer_bytes"}
//                    with the open file as a descriptor; the capture ends with the connection
//                    -> {}
//   {"do": "capture_report"}, {"do": "capture_stop"} -> {"capture": {}}
//
// LINK: {"a_to_b": TEXT, "b_to_a": TEXT, "seed": N}, the texts canonical.
#pragma once

#include <memory>
#include <string>

#include "control/control_server.hpp"
#include "tunnel/tunnel.hpp"

namespace tunrelay {

class TunnelControl final : public ControlService {
 public:
  /// The tunnel must outlive it.
  explicit TunnelControl(Tunnel& tunnel) : tunnel_(tunnel) {}

  nlohmann::ordered_json answer(ControlClientId client, const nlohmann::json& question,
                                FileDescriptor passed) override;
  void left(ControlClientId client) noexcept override;

 private:
  void set_link(const nlohmann::json& question);
  void start_capture(ControlClientId client, const nlohmann::json& question, FileDescriptor file);
  [[nodiscard]] nlohmann::ordered_json link() const;

  Tunnel& tunnel_;
  ControlClientId capturing_ = 0;  ///< who has started the capture; 0: nobody
};

/// Where a tunnel listens: PATH as the user gave it, or "auto", the usual place, or "none". Made
/// before exec enters a namespace of its own, where it is root.
struct ControlWish {
  std::string path;
  bool is_asked_for = false;  ///< by a path; where the usual one can't be had, a note is enough
};
[[nodiscard]] ControlWish control_wish(const std::string& path, const TunnelOptions& options);

/// Null where there is to be none. Throws Error.
[[nodiscard]] std::unique_ptr<ControlServer> open_control(const ControlWish& wish,
                                                          ControlService& service);

}  // namespace tunrelay
