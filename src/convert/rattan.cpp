// SPDX-License-Identifier: MIT
#include "convert/rattan.hpp"

#include <fmt/format.h>

#include <set>

#include "base/error.hpp"
#include "base/toml_text.hpp"
#include "convert/rattan_cell.hpp"

namespace tunrelay {
namespace {

/// An end of the network, not a cell: "left", or "left1" where there are several.
bool is_end(std::string_view name, std::string_view side) {
  return name.starts_with(side) &&
         name.find_first_not_of("0123456789", side.size()) == std::string_view::npos;
}

class Ways {
 public:
  Ways(const toml::table& table, Conversion& conversion)
      : cells_(table["cells"].as_table()),
        links_(table["links"].as_table()),
        conversion_(conversion) {}

  /// Whether a way begins at SIDE, whose cells are then those of DIRECTION.
  bool walk(std::size_t direction, std::string_view side) {
    if (links_ == nullptr) return false;
    bool found = false;
    for (const auto& [key, node] : *links_) {
      if (!is_end(key.str(), side)) continue;
      if (found) {
        leave_out(node, fmt::format("the way from {}", key.str()),
                  "a link has one way in each direction");
        continue;
      }
      found = true;
      follow(direction, node);
    }
    return found;
  }

 private:
  void follow(std::size_t direction, const toml::node& first) {
    std::set<std::string> seen;
    const toml::node* link = &first;
    while (link != nullptr) {
      const std::string name = link->value_or(std::string());
      if (is_end(name, "left") || is_end(name, "right")) return;
      if (!seen.insert(name).second)
        return leave_out(*link, name, "the way comes back to this cell");
      const toml::table* cell = cells_ == nullptr ? nullptr : (*cells_)[name].as_table();
      if (cell == nullptr) return leave_out(*link, name, "there is no such cell");
      add(direction, name, *cell);
      link = links_->get(name);
      if (link == nullptr) leave_out(*cell, name, "the way ends at this cell");
    }
  }

  void add(std::size_t direction, const std::string& name, const toml::table& cell) {
    const std::string place = toml_place(conversion_.source(), cell.source());
    const LeaveOutOfCell leave = [&](const std::string& what, const std::string& reason) {
      conversion_.leave_out(place, fmt::format("cell {}: {}", name, what), reason);
    };
    for (const std::string& stage : rattan_cell_stages(cell, leave))
      conversion_.add(direction, stage, place, "cell " + name);
  }

  void leave_out(const toml::node& node, const std::string& what, const std::string& reason) {
    conversion_.leave_out(toml_place(conversion_.source(), node.source()), what, reason);
  }

  const toml::table* cells_;
  const toml::table* links_;
  Conversion& conversion_;
};

}  // namespace

Conversion convert_rattan(std::string_view text, const std::string& source) {
  Conversion conversion(source);
  const toml::table table = parse_toml(text, source);
  Ways ways(table, conversion);
  const bool forth = ways.walk(0, "left");
  const bool back = ways.walk(1, "right");
  if (!forth && !back)
    throw_usage_error("convert", source, "no way begins at left or right in its [links]",
                      "a configuration of Rattan has [cells] and [links]");
  return conversion;
}

}  // namespace tunrelay
