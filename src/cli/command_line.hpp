// The command line as a whole: which verbs there are, and the conventions that all share.
#pragma once

namespace tunrelay {

/// Runs the verb that ARGV names and returns the exit code. Throws Error.
int run_command_line(int argc, char** argv);

}  // namespace tunrelay
