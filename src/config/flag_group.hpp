// SPDX-License-Identifier: MIT
// The flags below one heading of a command's help.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>

namespace tunrelay {

/// The heading of --help, --config and the like; it stands last.
inline constexpr const char* kOtherFlags = "Other";
/// The heading of what says where results go, and in which form.
inline constexpr const char* kOutputFlags = "Output";

class FlagGroup {
 public:
  /// COMMAND must outlive it, and each target of a flag the parser.
  FlagGroup(CLI::App& command, std::string heading)
      : command_(command), heading_(std::move(heading)) {}

  /// A flag with a value. NAMES: "-t,--time"; what stands behind the first long name are former
  /// ones, which work for one more release and which help does not show. KIND: what that is, as
  /// help names it: TIME, SIZE, RATE, CPUS, FILE, N. What TARGET is now becomes the default by
  /// capture_default_str().
  template <typename Target>
  CLI::Option* value(const char* names, Target& target, const char* kind, const std::string& help) {
    return command_.add_option(names, target, help)->type_name(kind)->group(heading_);
  }
  /// One of CHOICES; what TARGET is now is the default.
  CLI::Option* choice(const char* names, std::string& target,
                      const std::vector<std::string>& choices, const std::string& help);
  CLI::Option* flag(const char* names, bool& target, const std::string& help) {
    return command_.add_flag(names, target, help)->group(heading_);
  }

 private:
  CLI::App& command_;
  std::string heading_;
};

}  // namespace tunrelay
