// SPDX-License-Identifier: MIT
// Which Linux runs here. For messages: what a kernel can do is found out by trying it.
#pragma once

#include <compare>
#include <string>

namespace tunrelay {

struct KernelVersion {
  int major = 0;
  int minor = 0;

  auto operator<=>(const KernelVersion&) const = default;
};

/// The release as uname(2) has it: "6.1.0-55-amd64".
std::string kernel_release();
/// {0, 0} where RELEASE does not begin with two numbers.
KernelVersion parse_kernel_version(const std::string& release);

}  // namespace tunrelay
