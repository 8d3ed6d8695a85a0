// SPDX-License-Identifier: MIT
#include "embed/setup_reading.hpp"

#include <fmt/format.h>

#include "base/error.hpp"

namespace tunrelay {

void refuse_another_version(const char* attempt, const char* object, std::uint32_t abi_version) {
  if (abi_version != TUNRELAY_TUNNEL_ABI_VERSION)
    throw_usage_error(attempt, object,
                      fmt::format("it was built for version {} of the tunnel interface; this "
                                  "library has {}",
                                  abi_version, TUNRELAY_TUNNEL_ABI_VERSION),
                      "build it against this library's tunrelay/tunnel_abi.h");
}

std::vector<std::pair<std::string, std::string>> key_values(const char* attempt, const char* object,
                                                            const tunrelay_option* options,
                                                            std::size_t count) {
  std::vector<std::pair<std::string, std::string>> pairs;
  for (std::size_t at = 0; at < count; ++at) {
    if (options[at].key == nullptr || options[at].value == nullptr)
      throw_usage_error(attempt, object, fmt::format("option {} is null", at));
    pairs.emplace_back(options[at].key, options[at].value);
  }
  return pairs;
}

std::vector<StageRequest> built_in_stages(const char* attempt, const char* object,
                                          const tunrelay_built_in_stage* stages,
                                          std::size_t count) {
  std::vector<StageRequest> requests;
  for (std::size_t at = 0; at < count; ++at) {
    const tunrelay_built_in_stage& stage = stages[at];
    if (stage.descriptor == nullptr)
      throw_usage_error(attempt, object, fmt::format("stage {} has no descriptor", at));
    requests.push_back({.library = "built in",
                        .options = key_values(attempt, object, stage.options, stage.option_count),
                        .built_in = stage.descriptor,
                        .context = stage.context});
  }
  return requests;
}

}  // namespace tunrelay
