// SPDX-License-Identifier: MIT
#include "cli/completion.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <sstream>
#include <string_view>
#include <utility>

#include <CLI/CLI.hpp>

#include "cli/command_arguments.hpp"
#include "control/control_place.hpp"
#include "link/link_file.hpp"
#include "link/stage_text.hpp"
#include "scenario/scenario_file.hpp"
#include "suite/suites.hpp"

namespace tunrelay {
namespace {

bool is_word(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](unsigned char letter) {
    return std::islower(letter) != 0 || std::isdigit(letter) != 0 || letter == '-' || letter == '_';
  });
}

std::vector<std::string> split_at(std::string_view text, std::string_view separators) {
  std::vector<std::string> parts(1);
  for (const char letter : text)
    if (separators.find(letter) == std::string_view::npos)
      parts.back() += letter;
    else
      parts.emplace_back();
  return parts;
}

/// The help of stages, a line a stage: its name and what may follow it.
std::vector<std::string> stage_lines() {
  std::vector<std::string> lines;
  for (const std::string& line : split_at(stage_text_help(), "\n"))
    if (const std::size_t begin = line.find_first_not_of(' '); begin != std::string::npos)
      lines.push_back(line.substr(begin));
  return lines;
}

/// The words that may follow the stage NAME. "as for rate" names another line.
std::vector<std::string> stage_words(const std::string& name) {
  for (const std::string& line : stage_lines()) {
    if (!line.starts_with(name + " ")) continue;
    if (const std::size_t at = line.find("as for "); at != std::string::npos)
      return stage_words(split_at(line.substr(at), " ,")[2]);
    std::vector<std::string> words = split_at(line.substr(name.size()), " [],|");
    std::erase_if(words, [](const std::string& word) { return !is_word(word); });
    return words;
  }
  return {};
}

/// What `delay 20ms, lo` may end with, as the whole text.
void add_stages(const std::string& text, std::vector<Candidate>& candidates) {
  const std::size_t comma = text.rfind(',');
  const std::string stage = comma == std::string::npos ? text : text.substr(comma + 1);
  const std::size_t blank = text.find_last_of(" ,");
  std::string before = blank == std::string::npos ? "" : text.substr(0, blank + 1);
  std::istringstream stage_text(stage);
  std::string name;
  stage_text >> name;
  if (!name.empty() && before.size() > text.rfind(name)) {
    for (const std::string& word : stage_words(name)) candidates.push_back({before + word, ""});
    return;
  }
  if (text.ends_with(',')) before += ' ';
  for (const std::string& line : stage_lines())
    candidates.push_back({before + line.substr(0, line.find(' ')), line});
}

void add_running(std::vector<Candidate>& candidates) {
  const std::string directory = control_directory();
  if (directory.empty()) return;
  for (const std::string& path : living_controls(directory))
    candidates.push_back({path, "a running tunnel"});
}

/// What a value of KIND may be, as help names it: "uring|syscall", "PROFILE|FILE", "STAGES".
void add_values(const std::string& kind, const std::string& begun, Completions& found) {
  for (const std::string& part : split_at(kind, "|")) {
    if (is_word(part)) found.candidates.push_back({part, ""});
    if (part == "PROFILE")
      for (const LinkProfile& profile : link_profiles())
        found.candidates.push_back({std::string(profile.name),
                                    parse_link(profile.toml, std::string(profile.name)).summary});
    if (part == "SCENARIO")
      for (const LinkProfile& scenario : ready_scenarios())
        found.candidates.push_back(
            {std::string(scenario.name),
             parse_scenario(scenario.toml, std::string(scenario.name), {}).summary});
    if (part == "STAGES") add_stages(begun, found.candidates);
    if (part == "PATH") add_running(found.candidates);
    found.files |= part == "FILE" || part == "PATH" || part.starts_with("LIBRARY");
    found.directories |= part == "DIRECTORY";
  }
}

/// A word that stands where ARGUMENT, a positional one, is expected.
void add_argument(const CLI::Option& argument, Completions& found) {
  const std::string name = argument.get_name(true);
  if (name == "suite") {
    for (const Suite& suite : suites())
      found.candidates.push_back({std::string(suite.name), std::string(suite.purpose)});
  } else if (name == "name") {
    add_values("PROFILE|SCENARIO", "", found);
  } else if (name == "scenario") {
    add_values("SCENARIO|FILE", "", found);
  } else if (name != "addresses") {
    found.files = true;
  }
}

void add_flags(const CLI::App& command, std::string_view begun, Completions& found) {
  for (const CLI::Option* option : command.get_options()) {
    if (option->get_group().empty() || !option->nonpositional()) continue;
    for (const std::string& name : option->get_snames())
      if (begun == "-") found.candidates.push_back({"-" + name, option->get_description()});
    if (!option->get_lnames().empty())
      found.candidates.push_back({"--" + option->get_lnames().front(), option->get_description()});
  }
}

bool wants_value(const CLI::Option* option) {
  return option != nullptr && option->get_items_expected_max() > 0;
}

/// Where the words before the last one have led.
struct Place {
  const CLI::App* command;
  const CLI::Option* flag = nullptr;  ///< whose value comes next
  std::size_t arguments = 0;          ///< positional ones so far
  int command_at = -1;
  bool behind_dashes = false;
};

Place walk(const CLI::App& app, OtherArguments other, std::span<const std::string> words) {
  Place place{&app};
  for (std::size_t index = 0; index + 1 < words.size(); ++index) {
    const std::string& word = words[index];
    const bool runs_command = other == OtherArguments::kCommand && index > 0;
    if (std::exchange(place.flag, nullptr) != nullptr) continue;
    if (word == "--") {
      place.behind_dashes = true;
      if (runs_command) place.command_at = static_cast<int>(index) + 1;
      return place;
    }
    if (word.size() > 1 && word.front() == '-') {
      const CLI::Option* option = place.command->get_option_no_throw(word);
      if (wants_value(option)) place.flag = option;
    } else if (const CLI::App* inner = find_command(*place.command, word)) {
      place.command = inner;
    } else if (runs_command) {
      place.command_at = static_cast<int>(index);
      return place;
    } else {
      ++place.arguments;
    }
  }
  return place;
}

void add_word(const Place& place, Completions& found) {
  for (const CLI::App* inner : place.command->get_subcommands({}))
    found.candidates.push_back({inner->get_name(), inner->get_description()});
  std::size_t left = place.arguments;
  for (const CLI::Option* option : place.command->get_options()) {
    if (option->nonpositional()) continue;
    if (left == 0 || option->get_items_expected_max() > 1) return add_argument(*option, found);
    --left;
  }
}

}  // namespace

Completions complete(const CLI::App& app, std::span<const Subcommand> subcommands,
                     std::span<const std::string> words) {
  Completions found;
  if (words.empty()) return found;
  const auto chosen = std::find_if(
      subcommands.begin(), subcommands.end(),
      [&words](const Subcommand& each) { return each.command->get_name() == words.front(); });
  const OtherArguments other =
      chosen == subcommands.end() ? OtherArguments::kNone : chosen->other_arguments;
  const Place place = walk(app, other, words);
  const std::string& word = words.back();
  const int last = static_cast<int>(words.size()) - 1;
  std::string prefix;
  if (place.command_at >= 0) {
    found.command_at = place.command_at;
  } else if (place.behind_dashes) {
    return found;
  } else if (place.flag != nullptr) {
    add_values(place.flag->get_type_name(), word, found);
  } else if (const std::size_t equals = word.find('=');
             word.starts_with("--") && equals != std::string::npos) {
    prefix = word.substr(0, equals + 1);
    if (const CLI::Option* option = place.command->get_option_no_throw(word.substr(0, equals)))
      add_values(option->get_type_name(), word.substr(equals + 1), found);
  } else if (word.starts_with('-')) {
    add_flags(*place.command, word, found);
  } else if (other == OtherArguments::kCommand && last > 0) {
    found.command_at = last;
  } else {
    add_word(place, found);
  }
  for (Candidate& candidate : found.candidates) candidate.text.insert(0, prefix);
  std::erase_if(found.candidates,
                [&word](const Candidate& each) { return !each.text.starts_with(word); });
  return found;
}

std::string completions_text(const Completions& completions) {
  std::string text;
  for (const Candidate& candidate : completions.candidates) {
    std::string description = candidate.description.substr(0, candidate.description.find('\n'));
    text += candidate.text + (description.empty() ? "" : "\t" + description) + "\n";
  }
  if (completions.files) text += ":files\n";
  if (completions.directories) text += ":directories\n";
  if (completions.command_at >= 0) text += fmt::format(":command {}\n", completions.command_at);
  return text;
}

}  // namespace tunrelay
