// SPDX-License-Identifier: MIT
#include "scenario/entry_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/units.hpp"
#include "link/link_toml.hpp"
#include "link/stage_files.hpp"
#include "scenario/parameter_table.hpp"

namespace tunrelay {
namespace {

constexpr const char* kStepKeys =
    "at, every, times, until, direction, link, a-to-b, b-to-a, set, outage, ramp, trace, walk, "
    "lognormal and states";
constexpr std::int64_t kLineIntervalNs = 100 * kNanosecondsPerMillisecond;

/// VALUES, evenly spaced from 0 to 1, at PLACE, on straight lines between them.
double value_on_line(const std::vector<double>& values, double place) {
  const double at = place * static_cast<double>(values.size() - 1);
  const std::size_t before = std::min(static_cast<std::size_t>(at), values.size() - 2);
  const double share = at - static_cast<double>(before);
  return values[before] + share * (values[before + 1] - values[before]);
}

bool is_linear(const ScenarioToml& toml, const toml::node& node) {
  const std::string shape = toml.text(node, "a shape");
  if (shape != "linear" && shape != "steps")
    toml.refuse(node, fmt::format("'{}' is not a shape", shape), "shapes are linear and steps");
  return shape == "linear";
}

}  // namespace

EntryReader::EntryReader(const ScenarioToml& toml, const ReadScenarioFile& read, Scenario& scenario)
    : toml_(toml),
      read_(read),
      scenario_(scenario),
      folder_(std::filesystem::path(toml.file()).parent_path()) {}

void EntryReader::read(const toml::table& step) {
  read_timing(step);
  LinkAction action;
  read_action(step, action);
  if (action.lists[0] || action.lists[1] || !action.settings.empty())
    add(ActionRows{{0}, {std::move(action)}});
  toml_.for_each_key(step, kStepKeys, [this](std::string_view name, const toml::node& node) {
    if (name == "outage")
      read_outage(node);
    else if (name == "ramp")
      read_ramp(node);
    else if (name == "trace")
      read_trace(node);
    else if (name == "walk")
      read_model(RandomModel::Kind::kWalk, node);
    else if (name == "lognormal")
      read_model(RandomModel::Kind::kLogNormal, node);
    else if (name == "states")
      read_states(node);
    else  // the others were read
      return name == "at" || name == "every" || name == "times" || name == "until" ||
             name == "direction" || name == "link" || name == "a-to-b" || name == "b-to-a" ||
             name == "set";
    return true;
  });
}

void EntryReader::read_timing(const toml::table& step) {
  timing_ = {};
  directions_ = {0, 1};
  if (const toml::node* at = step.get("at")) timing_.at_ns = toml_.duration_ns(*at);
  if (const toml::node* every = step.get("every")) timing_.every_ns = toml_.interval_ns(*every);
  if (const toml::node* until = step.get("until")) timing_.until_ns = toml_.duration_ns(*until);
  if (const toml::node* times = step.get("times")) {
    timing_.times = toml_.count(*times);
    if (timing_.every_ns == 0)
      toml_.refuse(*times, "a number of times needs to know how often", "add every = \"15s\"");
  }
  const toml::node* direction = step.get("direction");
  if (direction == nullptr) return;
  const std::string name = toml_.text(*direction, "a direction");
  if (name == "a-to-b" || name == "a_to_b")
    directions_ = {0};
  else if (name == "b-to-a" || name == "b_to_a")
    directions_ = {1};
  else if (name != "both")
    toml_.refuse(*direction, fmt::format("'{}' is not a direction", name),
                 "directions are a-to-b, b-to-a and both");
}

void EntryReader::read_action(const toml::table& table, LinkAction& action) {
  // A list of its own stands for that of the link.
  if (const toml::node* link = table.get("link")) read_link(*link, action);
  constexpr std::array<std::array<const char*, 2>, 2> kKeys{
      {{"a-to-b", "a_to_b"}, {"b-to-a", "b_to_a"}}};
  for (std::size_t direction = 0; direction < kKeys.size(); ++direction)
    for (const char* key : kKeys.at(direction))
      if (const toml::node* list = table.get(key)) read_list(*list, direction, action);
  if (const toml::node* set = table.get("set")) read_settings(*set, action);
}

void EntryReader::read_link(const toml::node& node, LinkAction& action) {
  const std::string name = toml_.text(node, "a link");
  NamedLink link;
  try {
    if (is_file_name(name)) {
      const std::filesystem::path path = folder_ / name;
      link = parse_link(*source(path.string()), path.string());
      for (StageList& stages : link.description.directions) place_files(stages, path.parent_path());
    } else {
      link = parse_link(find_profile(name).toml, name);
    }
  } catch (const Error& error) {
    toml_.refuse(node, error.parts().object + ": " + error.parts().cause, error.parts().hint);
  }
  for (std::size_t direction = 0; direction < link.description.directions.size(); ++direction)
    keep_list(node, direction, std::move(link.description.directions.at(direction)), action);
}

void EntryReader::read_list(const toml::node& node, std::size_t direction, LinkAction& action) {
  StageList stages;
  append_stages(node, toml_.file(), stages);
  place_files(stages, folder_);
  keep_list(node, direction, std::move(stages), action);
}

void EntryReader::keep_list(const toml::node& node, std::size_t direction, StageList stages,
                            LinkAction& action) {
  for (StageFile* file : files_of(stages)) try {
      file->text = source(file->name);
    } catch (const Error& error) {
      toml_.refuse(node, error.parts().object + ": " + error.parts().cause, error.parts().hint);
    }
  action.lists.at(direction) = std::make_shared<const StageList>(std::move(stages));
  scenario_.lists.emplace_back(toml_.place(node), action.lists.at(direction));
}

void EntryReader::read_settings(const toml::node& node, LinkAction& action) {
  toml_.for_each_key(
      toml_.table(node, "what is set"), "rate, delay, jitter and loss",
      [&](std::string_view name, const toml::node& value) {
        const auto parameter = link_parameter_of(name);
        if (!parameter) return false;
        for (const std::size_t direction : directions_)
          action.settings.push_back({direction, *parameter, toml_.value(*parameter, value)});
        return true;
      });
}

void EntryReader::read_outage(const toml::node& node) {
  const std::int64_t lasts_ns = toml_.interval_ns(node);
  if (timing_.every_ns != 0 && lasts_ns >= timing_.every_ns)
    toml_.refuse(node, "it lasts as long as until the next one", "make it shorter than every");
  ActionRows rows{{0, lasts_ns}, std::vector<LinkAction>(2)};
  rows.actions[0].outages = 1;
  rows.actions[1].outages = -1;
  scenario_.has_outages = true;
  add(std::move(rows));
}

void EntryReader::read_ramp(const toml::node& node) {
  ParameterTable table;
  std::int64_t over_ns = 0;
  std::int64_t interval_ns = kLineIntervalNs;
  std::uint64_t steps = 0;
  bool is_stepwise = false;
  std::vector<std::pair<LinkParameter, std::vector<double>>> curves;
  toml_.for_each_key(toml_.table(node, "a ramp"),
                     "rate, delay, jitter, loss, over, shape, steps and interval",
                     [&](std::string_view name, const toml::node& value) {
                       if (const auto parameter = link_parameter_of(name)) {
                         curves.emplace_back(*parameter, toml_.values(*parameter, value, 2));
                       } else if (name == "over") {
                         over_ns = toml_.interval_ns(value);
                       } else if (name == "interval") {
                         interval_ns = toml_.interval_ns(value);
                       } else if (name == "steps") {
                         steps = toml_.count(value);
                       } else if (name == "shape") {
                         is_stepwise = !is_linear(toml_, value);
                       } else {
                         return false;
                       }
                       return true;
                     });
  if (over_ns == 0 || curves.empty())
    toml_.refuse(node, "a ramp needs values and how long it takes",
                 "write for example { rate = [\"10mbit\", \"50mbit\"], over = \"8s\" }");
  if (is_stepwise && steps == 0) toml_.refuse(node, "it does not say how many steps", "steps = 10");
  if (steps == 0) steps = static_cast<std::uint64_t>((over_ns + interval_ns - 1) / interval_ns);
  if (steps > kMaxScenarioRows ||
      over_ns / static_cast<std::int64_t>(steps) < kNanosecondsPerMillisecond)
    toml_.refuse(node, "its steps are shorter than a millisecond, or too many",
                 "take fewer steps, or a longer interval");
  for (std::uint64_t step = 0; step <= steps; ++step) {
    const double share = static_cast<double>(step) / static_cast<double>(steps);
    table.times_ns.push_back(std::llround(share * static_cast<double>(over_ns)));
  }
  for (const auto& [parameter, values] : curves)
    for (const std::size_t direction : directions_) {
      ParameterTable::Column column{direction, parameter, {}};
      for (std::uint64_t step = 0; step <= steps; ++step)
        column.values.push_back(
            value_on_line(values, static_cast<double>(step) / static_cast<double>(steps)));
      table.columns.push_back(std::move(column));
    }
  add_rows(node, rows_of(table, 0));
}

void EntryReader::read_trace(const toml::node& node) {
  std::string name;
  std::int64_t interval_ns = 0;
  bool is_line = false;
  if (node.is_string()) {
    name = toml_.text(node, "a trace");
  } else {
    toml_.for_each_key(toml_.table(node, "a trace"), "file, shape and interval",
                       [&](std::string_view key, const toml::node& value) {
                         if (key == "file") {
                           name = toml_.text(value, "a file");
                         } else if (key == "interval") {
                           interval_ns = toml_.interval_ns(value);
                         } else if (key == "shape") {
                           is_line = is_linear(toml_, value);
                         } else {
                           return false;
                         }
                         return true;
                       });
  }
  if (name.empty()) toml_.refuse(node, "it names no file", "write trace = \"drive.csv\"");
  if (is_line && interval_ns == 0) interval_ns = kLineIntervalNs;
  if (!is_line && interval_ns != 0)
    toml_.refuse(node, "an interval is for the shape linear alone", "add shape = \"linear\"");
  const std::string path = (folder_ / name).string();
  StageFile file{.name = path};
  try {
    file.text = source(path);
    add_rows(node, rows_of(parse_parameter_csv(file, directions_), interval_ns));
  } catch (const Error& error) {
    toml_.refuse(node, error.parts().object + ": " + error.parts().cause, error.parts().hint);
  }
}

std::shared_ptr<const std::string> EntryReader::source(const std::string& name) {
  for (const ScenarioSource& one : scenario_.sources)
    if (one.name == name) return one.text;
  auto text = std::make_shared<const std::string>(read_(name));
  source_bytes_ += text->size();
  if (source_bytes_ > kMaxScenarioBytes)
    throw_usage_error("read", name,
                      fmt::format("the files of a scenario have over {} together",
                                  format_bytes(kMaxScenarioBytes)));
  scenario_.sources.push_back({name, text});
  return text;
}

void EntryReader::add_rows(const toml::node& node, ActionRows rows) {
  if (timing_.every_ns != 0 && rows.times_ns.back() >= timing_.every_ns)
    toml_.refuse(node, "it takes longer than until it begins again", "make every longer");
  add(std::move(rows));
}

void EntryReader::add(decltype(ScenarioEntry::what) what) {
  ScenarioEntry entry = timing_;
  entry.what = std::move(what);
  scenario_.entries.push_back(std::move(entry));
}

}  // namespace tunrelay
