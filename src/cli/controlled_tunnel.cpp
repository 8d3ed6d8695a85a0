// SPDX-License-Identifier: MIT
#include "cli/controlled_tunnel.hpp"

#include <string_view>

namespace tunrelay {

void name_later_files(const TunnelFlags& flags, const std::vector<std::string>& others,
                      TunnelOptions& options) {
  std::vector<std::string>& named = options.files_changed_later;
  for (const std::string& other : others)
    if (!other.empty()) named.push_back(other);
  // It is made before the tunnel starts.
  constexpr std::string_view kUnix = "unix:";
  if (flags.metrics.starts_with(kUnix))
    options.socket_paths.push_back(flags.metrics.substr(kUnix.size()));
  if (options.capture && (options.capture->rotate_bytes != 0 || options.capture->rotate_ns != 0))
    named.push_back(options.capture->file);
}

}  // namespace tunrelay
