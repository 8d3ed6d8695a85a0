// SPDX-License-Identifier: MIT
// The help of a command: flags below their headings, what is common to all commands last.
#pragma once

#include <string>

#include <CLI/CLI.hpp>

#include "config/flag_group.hpp"

namespace tunrelay {

class HelpFormatter final : public CLI::Formatter {
 public:
  std::string make_help(const CLI::App* app, std::string name,
                        CLI::AppFormatMode mode) const override;
  /// Short names and the first long one; the others are former names. That of a positional in
  /// capitals, as those of values are.
  std::string make_option_name(const CLI::Option* option, bool is_positional) const override;
  /// A positional: "[FILE]" where it may be left out, "FILE..." where there may be several.
  std::string make_option_usage(const CLI::Option* option) const override;
  /// The kind of value alone.
  std::string make_option_opts(const CLI::Option* option) const override;
  /// With the default behind it, in brackets.
  std::string make_option_desc(const CLI::Option* option) const override;
};

}  // namespace tunrelay
