// SPDX-License-Identifier: MIT
// Where running relays listen for `tunrelay link` and `tunrelay capture`: a unix socket each, in
// /run/tunrelay for root, in the user's run-time directory for others.
#pragma once

#include <string>
#include <vector>

namespace tunrelay {

/// Empty where there is no such place: an ordinary user without XDG_RUNTIME_DIR.
[[nodiscard]] std::string control_directory();

/// DIRECTORY/INSTANCE.PID.sock, of this process.
[[nodiscard]] std::string control_path(const std::string& directory, const std::string& instance);

struct FoundControls {
  std::vector<std::string> living{};   ///< paths
  std::vector<std::string> removed{};  ///< likewise
};

/// The sockets in DIRECTORY, in alphabetical order. Those behind which nobody listens, which killed
/// relays have left, are removed; no other file is touched.
[[nodiscard]] FoundControls sort_controls(const std::string& directory);
[[nodiscard]] std::vector<std::string> living_controls(const std::string& directory);

/// PATH, or, where it is empty, that of the only relay that runs. Throws a usage Error that names
/// the relays when there are several, and an unsupported-environment Error when there is none.
[[nodiscard]] std::string find_control(const std::string& path);

}  // namespace tunrelay
