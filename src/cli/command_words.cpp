#include "cli/command_words.hpp"

#include <fmt/format.h>

#include <optional>
#include <string_view>

#include <CLI/CLI.hpp>

#include "base/error.hpp"
#include "base/nearest_name.hpp"
#include "wording/config_file.hpp"

namespace tunrelay {
namespace {

bool takes_value(const CLI::Option& option) {
  return option.get_items_expected_max() > 0;
}

/// `-qt 2s` is -q and -t: whether the last of WORD's flags has its value in the next word; nothing
/// when COMMAND lacks one of them.
std::optional<bool> short_flags_need_word(const CLI::App& command, std::string_view word) {
  for (std::size_t index = 1; index < word.size(); ++index) {
    const CLI::Option* option = command.get_option_no_throw({'-', word[index]});
    if (option == nullptr) return std::nullopt;
    if (takes_value(*option)) return index + 1 == word.size();
  }
  return false;
}

/// The same for any flag.
std::optional<bool> flag_needs_word(const CLI::App& command, const std::string& word) {
  if (!word.starts_with("--")) return short_flags_need_word(command, word);
  const std::size_t equals = word.find('=');
  const CLI::Option* option = command.get_option_no_throw(word.substr(0, equals));
  if (option == nullptr) return std::nullopt;
  return equals == std::string::npos && takes_value(*option);
}

/// What lists all that COMMAND has.
std::string help_of(const CLI::App& command) {
  std::string name = command.get_name();
  for (const CLI::App* outer = command.get_parent(); outer != nullptr; outer = outer->get_parent())
    name = outer->get_name() + " " + name;
  return fmt::format("`{} --help` has them all", name);
}

[[noreturn]] void refuse_flag(const CLI::App& command, OtherWords other_words,
                              const std::string& word) {
  const std::string flag = word.substr(0, word.find('='));
  std::string way_out = did_you_mean(flag, flags_of(command));
  if (other_words == OtherWords::kBehindDashes) way_out += "another program's go behind --; ";
  throw_usage_error("use", flag, "there is no such flag", way_out + help_of(command));
}

}  // namespace

const CLI::App* find_command(const CLI::App& command, const std::string& name) {
  const auto found =
      command.get_subcommands([&name](const CLI::App* inner) { return inner->get_name() == name; });
  return found.empty() ? nullptr : found.front();
}

void refuse_command(const CLI::App& command, const std::string& name) {
  std::vector<std::string> names;
  for (const CLI::App* inner : command.get_subcommands({})) names.push_back(inner->get_name());
  throw_usage_error("run the verb", "'" + name + "'", "there is none of that name",
                    did_you_mean(name, names) + help_of(command));
}

std::vector<std::string> check_flags(const Verb& verb, std::vector<std::string> words) {
  const CLI::App* command = verb.command;
  for (std::size_t index = 1; index < words.size(); ++index) {
    const std::string& word = words[index];
    if (word == "--") break;
    if (word.size() > 1 && word.front() == '-') {
      const std::optional<bool> needs_word = flag_needs_word(*command, word);
      if (!needs_word) refuse_flag(*command, verb.other_words, word);
      if (*needs_word) ++index;
    } else if (verb.other_words == OtherWords::kCommand) {
      words.insert(words.begin() + static_cast<std::ptrdiff_t>(index), "--");
      break;
    } else if (const CLI::App* inner = find_command(*command, word)) {
      command = inner;
    } else if (!command->get_subcommands({}).empty()) {
      refuse_command(*command, word);
    }
  }
  return words;
}

}  // namespace tunrelay
