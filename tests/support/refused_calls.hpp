// SPDX-License-Identifier: MIT
// An older kernel, or a container's policy, in the place of the one that runs here: system calls
// that a seccomp filter refuses, for one thread and all that it starts.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

namespace tunrelay::test {

/// One system call, or those of its calls whose arguments match.
struct RefusedCall {
  long number = 0;  ///< __NR_...
  int error = 0;    ///< the errno that it fails with
  /// The second argument (of ioctl(2) the request, of io_uring_register(2) the operation); only
  /// calls that have it are refused. 0: all.
  std::uint32_t second_argument = 0;
  /// Only calls whose third argument has one of these bits are refused. 0: all.
  std::uint32_t third_argument_bits = 0;
};

/// Runs BODY in a thread of its own, of which no process can make these calls.
void run_without(const std::vector<RefusedCall>& calls, const std::function<void()>& body);

/// TUNSETOFFLOAD with USO, as before Linux 6.2: EINVAL.
[[nodiscard]] RefusedCall refused_uso();
/// epoll_pwait2(), as before Linux 5.11 (ENOSYS), or by an old seccomp filter (EPERM).
[[nodiscard]] RefusedCall refused_epoll_pwait2(int error);
/// The query which operations an io_uring has, so that multishot reads are missing as before
/// Linux 6.7.
[[nodiscard]] RefusedCall refused_multishot_reads();
/// io_uring_setup(), as before Linux 5.1 (ENOSYS), or by a policy (EPERM).
[[nodiscard]] RefusedCall refused_io_uring(int error);

}  // namespace tunrelay::test
