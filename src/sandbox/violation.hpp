// SPDX-License-Identifier: MIT
// What happens when a confined thread makes a system call that its list does not have: a message
// that names it, then the end of the process, so that the janitor restores the host.
#pragma once

namespace tunrelay {

/// Prepares the message and installs the handler of SIGSYS, once a process; any thread. False where
/// the program has a handler of its own, which then stays.
[[nodiscard]] bool report_violations();

}  // namespace tunrelay
