// SPDX-License-Identifier: MIT
// What the makers of charts share.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace tunrelay {

inline constexpr std::size_t kChartColours = 8;
inline constexpr std::size_t kChartDashes = 4;

/// Six significant digits: more can't be seen. null for what is not a number, or beyond 1e30.
[[nodiscard]] nlohmann::ordered_json chart_number(double value);

/// Numbers for names in the order in which they come.
class Ordinals {
 public:
  std::size_t operator()(const std::string& name) {
    return known_.try_emplace(name, known_.size()).first->second;
  }

 private:
  std::map<std::string, std::size_t> known_;
};

}  // namespace tunrelay
