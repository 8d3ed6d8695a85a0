// SPDX-License-Identifier: MIT
#include "os/kernel_version.hpp"

#include <sys/utsname.h>

#include <cstdio>

namespace tunrelay {

std::string kernel_release() {
  utsname name{};
  ::uname(&name);
  return name.release;
}

KernelVersion parse_kernel_version(const std::string& release) {
  KernelVersion version;
  if (std::sscanf(release.c_str(), "%d.%d", &version.major, &version.minor) != 2) return {};
  return version;
}

}  // namespace tunrelay
