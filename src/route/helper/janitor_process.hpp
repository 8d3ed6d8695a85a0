// SPDX-License-Identifier: MIT
// What the janitor's processes do.
#pragma once

#include "os/file_descriptor.hpp"
#include "route/helper/janitor.hpp"

namespace tunrelay {

/// In a child: leaves its parent's session, terminal and descriptors, and is the janitor. TUNNEL: a
/// pidfd of the process whose end it waits for; where it is not open, SOCKET's end stands for that.
[[noreturn]] void be_janitor(const JanitorDuty& duty, FileDescriptor tunnel, FileDescriptor socket);

}  // namespace tunrelay
