// SPDX-License-Identifier: MIT
// The command line as a whole: which commands there are, and the conventions that all share.
#pragma once

namespace tunrelay {

/// Runs the command that ARGV names and returns the exit code. Throws Error.
int run_command_line(int argc, char** argv);

}  // namespace tunrelay
