// SPDX-License-Identifier: MIT
// An Error as one line, for who reports it and goes on.
#pragma once

#include <string>

#include "base/error.hpp"

namespace tunrelay {

/// "could not open /dev/net/tun: Permission denied (EACCES)": without the hint.
std::string error_line(const Error::Parts& parts);
inline std::string error_line(const Error& error) {
  return error_line(error.parts());
}

}  // namespace tunrelay
