// SPDX-License-Identifier: MIT
#include "os/user_identity.hpp"

#include <grp.h>
#include <pwd.h>

#include <cerrno>
#include <charconv>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/error.hpp"

namespace tunrelay {
namespace {

constexpr const char* kFindUser = "find the user";
// An entry is a line; NSS may have long ones.
constexpr std::size_t kMaxEntryBytes = std::size_t{1} << 20U;

/// A number that stands for a user or a group; the highest one stands for none (setresuid(2)).
std::optional<std::uint32_t> number_in(std::string_view text) {
  std::uint32_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number == UINT32_MAX)
    return std::nullopt;
  return number;
}

/// What LOOK_UP, one of the calls of getpwnam(3)'s kind, puts into ENTRY. False: nothing is there.
template <typename Entry, typename LookUp>
bool look_up(Entry& entry, std::vector<char>& memory, LookUp call) {
  Entry* found = nullptr;
  memory.resize(4096);
  while (call(&entry, memory.data(), memory.size(), &found) == ERANGE &&
         memory.size() < kMaxEntryBytes)
    memory.resize(memory.size() * 2);
  return found != nullptr;
}

bool find_passwd(const std::string& text, passwd& entry, std::vector<char>& memory) {
  const auto uid = number_in(text);
  return look_up(entry, memory, [&](passwd* to, char* bytes, std::size_t count, passwd** found) {
    return uid ? ::getpwuid_r(*uid, to, bytes, count, found)
               : ::getpwnam_r(text.c_str(), to, bytes, count, found);
  });
}

std::optional<gid_t> find_group(const std::string& text) {
  if (const auto gid = number_in(text)) return *gid;
  group entry{};
  std::vector<char> memory;
  const bool is_there =
      look_up(entry, memory, [&](group* to, char* bytes, std::size_t count, group** found) {
        return ::getgrnam_r(text.c_str(), to, bytes, count, found);
      });
  return is_there ? std::optional(entry.gr_gid) : std::nullopt;
}

std::vector<gid_t> groups_of(const passwd& entry) {
  // NGROUPS_MAX of the kernel is no more.
  std::vector<gid_t> groups(65'536);
  int count = static_cast<int>(groups.size());
  if (::getgrouplist(entry.pw_name, entry.pw_gid, groups.data(), &count) < 0) return {entry.pw_gid};
  groups.resize(static_cast<std::size_t>(count));
  return groups;
}

}  // namespace

UserIdentity find_user(const std::string& text) {
  const std::size_t colon = text.find(':');
  const std::string user = text.substr(0, colon);
  passwd entry{};
  std::vector<char> memory;
  const bool has_entry = !user.empty() && find_passwd(user, entry, memory);
  const auto uid = has_entry ? std::optional<std::uint32_t>(entry.pw_uid) : number_in(user);
  if (!uid)
    throw_usage_error(kFindUser, "'" + user + "'", "there is none of that name or number",
                      "name one that `getent passwd` shows, or a UID:GID");
  UserIdentity identity{.name = text, .uid = *uid, .gid = 0, .groups = {}};
  if (colon == std::string::npos) {
    if (!has_entry)
      throw_usage_error(kFindUser, "'" + user + "'", "no user has that number, so it has no group",
                        "name its group too: " + user + ":GID");
    identity.gid = entry.pw_gid;
    identity.groups = groups_of(entry);
    return identity;
  }
  const std::string group = text.substr(colon + 1);
  const auto gid = find_group(group);
  if (!gid)
    throw_usage_error("find the group", "'" + group + "'", "there is none of that name or number",
                      "name one that `getent group` shows, or a number");
  identity.gid = *gid;
  identity.groups = {*gid};
  return identity;
}

}  // namespace tunrelay
