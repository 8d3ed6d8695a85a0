// SPDX-License-Identifier: MIT
// What tcshow of tcconfig prints (tcconfig.readthedocs.io), which `tcset --import-setting` reads:
// {"eth0": {"outgoing": {"dst-port=80, protocol=ip": {"delay": "10.0ms", ...}}, "incoming": {}}}.
#pragma once

#include <string>
#include <string_view>

#include "convert/conversion.hpp"

namespace tunrelay {

/// Outgoing is a to b; of several interfaces the first with any rule. A rule's conditions become
/// the filter of its stages. Throws a usage Error that names SOURCE for what is not such JSON.
[[nodiscard]] Conversion convert_tcconfig(std::string_view text, const std::string& source);

}  // namespace tunrelay
