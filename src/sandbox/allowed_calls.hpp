// SPDX-License-Identifier: MIT
// The one list of the system calls that threads of ours may make once they are set up.
#pragma once

#include <cstdint>
#include <vector>

namespace tunrelay {

/// What a thread does once it is set up.
enum class ThreadKind : std::uint8_t {
  kUringWorker,
  kSyscallWorker,
  kStageUringWorker,    ///< a user's stage runs in it, which makes no system calls but for memory
  kStageSyscallWorker,  ///< the same
  kTracePrinter,
  kRecorder,
  kCapture,  ///< to a file or a pipe that is open already
};

/// Which calls of a system call are allowed.
enum class CallRule : std::uint8_t {
  kAll,
  kNoCode,        ///< the third argument, the protection of memory, is not PROT_EXEC
  kOwnThreads,    ///< the first argument is the number of this process
  kRingRelease,   ///< the second argument takes back what an io_uring was given
  kTerminalLook,  ///< the second argument is what isatty(3) uses
};

struct AllowedCall {
  int number = 0;  ///< as the kernel of this machine numbers it
  CallRule rule = CallRule::kAll;
};

/// In the order of the list. Calls that this machine's kernels don't have are left out.
[[nodiscard]] std::vector<AllowedCall> allowed_calls(ThreadKind kind);

}  // namespace tunrelay
