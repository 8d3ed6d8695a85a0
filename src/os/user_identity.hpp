// SPDX-License-Identifier: MIT
// Users as the system's databases have them (passwd(5), group(5), or what NSS asks instead).
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

namespace tunrelay {

struct UserIdentity {
  std::string name;  ///< as it was asked for: "nobody", "65534:65534"
  uid_t uid = 0;
  gid_t gid = 0;
  std::vector<gid_t> groups;  ///< the supplementary ones

  bool operator==(const UserIdentity&) const = default;
};

/// The user that TEXT, NAME or UID, names, with its groups; behind a colon may stand the name or
/// the number of the group that is to be its only one. Throws a usage Error: there is no such user
/// or group, or a UID that has no name stands without a group.
[[nodiscard]] UserIdentity find_user(const std::string& text);

}  // namespace tunrelay
