// SPDX-License-Identifier: MIT
#include "cli/help_formatter.hpp"

#include <algorithm>
#include <cctype>
#include <vector>

namespace tunrelay {

std::string HelpFormatter::make_help(const CLI::App* app, std::string name,
                                     CLI::AppFormatMode mode) const {
  std::string text =
      make_description(app) + make_usage(app, std::move(name)) + make_positionals(app);
  std::vector<std::string> headings = app->get_groups();
  std::stable_partition(headings.begin(), headings.end(),
                        [](const std::string& heading) { return heading != kOtherFlags; });
  for (const std::string& heading : headings) {
    if (heading.empty()) continue;  // hidden
    const std::vector<const CLI::Option*> options =
        app->get_options([&heading](const CLI::Option* option) {
          return option->get_group() == heading && option->nonpositional();
        });
    if (!options.empty()) text += make_group(heading, false, options);
  }
  return text + make_subcommands(app, mode) + "\n" + make_footer(app);
}

std::string HelpFormatter::make_option_name(const CLI::Option* option, bool is_positional) const {
  if (is_positional) {
    std::string name = option->get_single_name();
    std::transform(name.begin(), name.end(), name.begin(),
                   [](unsigned char letter) { return static_cast<char>(std::toupper(letter)); });
    return name;
  }
  if (option->get_lnames().empty()) return Formatter::make_option_name(option, false);
  std::string names;
  for (const std::string& name : option->get_snames()) names += "-" + name + ", ";
  return names + "--" + option->get_lnames().front();
}

std::string HelpFormatter::make_option_usage(const CLI::Option* option) const {
  const std::string name =
      make_option_name(option, true) + (option->get_expected_max() > 1 ? "..." : "");
  return option->get_required() ? name : "[" + name + "]";
}

std::string HelpFormatter::make_option_opts(const CLI::Option* option) const {
  // What a positional is its name says.
  const bool has_kind =
      option->get_type_size() != 0 && !option->get_type_name().empty() && option->nonpositional();
  return has_kind ? " " + option->get_type_name() : "";
}

std::string HelpFormatter::make_option_desc(const CLI::Option* option) const {
  const std::string value = option->get_default_str();
  return value.empty() ? option->get_description() : option->get_description() + " [" + value + "]";
}

}  // namespace tunrelay
