// SPDX-License-Identifier: MIT
// The flags that describe a capture; `run` and `exec` have them all, `capture` some.
#pragma once

#include <string>

#include "capture/capture_options.hpp"

namespace CLI {
class App;
}

namespace tunrelay {

/// As the user wrote them.
struct CaptureFlags {
  std::string file;  ///< empty: no capture
  std::string filter;
  std::string snaplen = "256K";
  std::string rotate_size, rotate_time;
  std::string segments = "whole";
  std::string buffer = "32M";
  std::size_t files = 0;
};

/// Adds `--capture FILE` and what belongs to it. FLAGS must outlive the parser.
void add_capture_flags(CLI::App& command, CaptureFlags& flags);
/// Adds --PREFIXfilter and what else says which bytes are captured.
void add_capture_content_flags(CLI::App& command, CaptureFlags& flags, const std::string& prefix);

/// Throws a usage Error that names the flag.
CaptureOptions capture_options(const CaptureFlags& flags);

}  // namespace tunrelay
