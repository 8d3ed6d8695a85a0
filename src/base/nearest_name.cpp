// SPDX-License-Identifier: MIT
#include "base/nearest_name.hpp"

#include <algorithm>
#include <numeric>
#include <vector>

namespace tunrelay {
namespace {

/// Damerau's distance in its restricted form: no part of the text is edited twice.
std::size_t edits_between(std::string_view from, std::string_view to) {
  // Row I holds the distances of FROM's first I characters to each beginning of TO.
  std::vector<std::size_t> before_last(to.size() + 1);
  std::vector<std::size_t> last(to.size() + 1);
  std::vector<std::size_t> row(to.size() + 1);
  std::iota(row.begin(), row.end(), 0);
  for (std::size_t i = 1; i <= from.size(); ++i) {
    before_last.swap(last);
    last.swap(row);
    row[0] = i;
    for (std::size_t j = 1; j <= to.size(); ++j) {
      const std::size_t replaced = from[i - 1] == to[j - 1] ? 0 : 1;
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + replaced});
      if (i > 1 && j > 1 && from[i - 1] == to[j - 2] && from[i - 2] == to[j - 1])
        row[j] = std::min(row[j], before_last[j - 2] + 1);
    }
  }
  return row.back();
}

}  // namespace

std::string nearest_name(std::string_view name, std::span<const std::string> names) {
  constexpr std::size_t kMaxEdits = 2;
  constexpr std::size_t kCharactersPerEdit = 3;
  std::size_t fewest = std::min(kMaxEdits, name.size() / kCharactersPerEdit) + 1;
  std::string nearest;
  for (const std::string& candidate : names) {
    const std::size_t edits = edits_between(name, candidate);
    if (edits >= fewest) continue;
    fewest = edits;
    nearest = candidate;
  }
  return nearest;
}

std::string did_you_mean(std::string_view name, std::span<const std::string> names) {
  const std::string nearest = nearest_name(name, names);
  return nearest.empty() ? "" : "did you mean " + nearest + "? ";
}

}  // namespace tunrelay
