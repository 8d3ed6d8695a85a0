// SPDX-License-Identifier: MIT
#include "config/tunnel_keys.hpp"

#include <algorithm>

#include <CLI/CLI.hpp>

#include "base/error.hpp"
#include "base/nearest_name.hpp"
#include "config/config_file.hpp"

namespace tunrelay {

TunnelFlags read_tunnel_keys(const std::vector<std::pair<std::string, std::string>>& pairs,
                             TunnelFlags defaults) {
  TunnelFlags flags = std::move(defaults);
  CLI::App app;
  app.set_help_flag();
  app.option_defaults()->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  add_tunnel_flags(app, flags);
  const std::vector<std::string> known = flags_of(app);
  std::vector<std::string> line;
  for (const auto& [key, value] : pairs) {
    const std::string flag = "--" + key;
    if (std::find(known.begin(), known.end(), flag) == known.end())
      throw_usage_error("read the option", key + "=" + value, "there is no such key",
                        did_you_mean(flag, known) +
                            "the keys are the flags of `tunrelay run` without the dashes");
    // Behind an empty "--key=" the parser would take the next word.
    line.push_back(value.empty() ? flag : flag + "=" + value);
    if (value.empty()) line.emplace_back();
  }
  line = expand_config_files(std::move(line), 0, known);
  std::reverse(line.begin(), line.end());  // as CLI11 wants them
  try {
    app.parse(line);
  } catch (const CLI::ParseError& error) {
    throw_usage_error("read the options of", "a tunnel", error.what());
  }
  return flags;
}

}  // namespace tunrelay
