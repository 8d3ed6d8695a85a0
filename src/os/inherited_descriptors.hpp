// SPDX-License-Identifier: MIT
// What a process was started with beside its standard streams. A tunnel runs for long: a pipe that
// it holds by chance never ends for those who read it, and a stage of the user's could use what is
// not its business.
#pragma once

#include <string>
#include <vector>

namespace tunrelay {

/// Closes all descriptors but standard input, output and error, which are opened on /dev/null where
/// they are missing, and those that ARGUMENTS name: /dev/fd/N or /proc/self/fd/N anywhere in them.
/// Sockets that systemd would hand over (LISTEN_FDS) are closed, too: nothing here takes them. To
/// be called before the process opens anything of its own. Throws Error.
void close_inherited_descriptors(const std::vector<std::string>& arguments);

}  // namespace tunrelay
