// SPDX-License-Identifier: MIT
#include "cli/version.hpp"

#include <fmt/format.h>

#include "base/build_info.hpp"
#include "cli/git_commit.hpp"
#include "engine/engine.hpp"
#include "os/kernel_version.hpp"

namespace tunrelay {

std::string version_text() {
  const UringSupport uring = probe_uring();
  const std::string release = kernel_release();
  // A request to the driver itself takes a device, which takes privileges; `doctor` does.
  const bool has_uso = parse_kernel_version(release) >= KernelVersion{6, 2};
  return fmt::format(
      "tunrelay {}{} ({}, {})\n"
      "kernel       Linux {}\n"
      "engine uring {}\n"
      "offloads     csum tso4 tso6 tso-ecn{}",
      kVersion, *kCommit == '\0' ? "" : fmt::format(" at {}", kCommit), kCompiler, kBuildType,
      release, uring.available ? "available, with multishot reads" : uring.reason,
      has_uso ? " uso" : " (uso needs Linux 6.2)");
}

}  // namespace tunrelay
