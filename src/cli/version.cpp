#include "cli/version.hpp"

#include <fmt/format.h>
#include <sys/utsname.h>

#include "cli/git_commit.hpp"
#include "engine/engine.hpp"
#include "wording/build_info.hpp"

namespace tunrelay {

std::string version_text() {
  utsname kernel{};
  ::uname(&kernel);
  const UringSupport uring = probe_uring();
  return fmt::format(
      "tunrelay {}{} ({}, {})\n"
      "kernel       {} {}\n"
      "engine uring {}\n"
      "offloads     csum tso4 tso6 tso-ecn uso, as far as the kernel has them",
      kVersion, *kCommit == '\0' ? "" : fmt::format(" at {}", kCommit), kCompiler, kBuildType,
      kernel.sysname, kernel.release,
      uring.available ? "available, with multishot reads" : std::string(uring.reason));
}

}  // namespace tunrelay
