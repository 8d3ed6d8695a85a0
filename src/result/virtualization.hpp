// SPDX-License-Identifier: MIT
// Whether this is a machine of its own, a virtual one, or a container.
#pragma once

#include <string>

namespace tunrelay {

/// A name of systemd-detect-virt(1) ("none", "kvm", "vmware", "docker"; the innermost where there
/// are several), read from files alone. "vm-other": virtual, but it does not say whose.
/// ROOT as in result/environment.hpp.
[[nodiscard]] std::string detect_virtualization(const std::string& root);

}  // namespace tunrelay
