// SPDX-License-Identifier: MIT
#include "tunnel/tunnel_user.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <exception>
#include <utility>

#include "base/error.hpp"
#include "os/signal_block.hpp"
#include "os/thread.hpp"
#include "os/whole_file.hpp"
#include "sandbox/thread_user.hpp"

namespace tunrelay {
namespace {

constexpr const char* kAttempt = "run as the user";

/// As the user, whose every file of that kind it may be.
void check_file_to_change(const std::string& path, const UserIdentity& user) try {
  check_replaceable(path);
} catch (const Error& error) {
  Error::Parts parts = error.parts();
  parts.hint = "it is written when this process is the user " + user.name +
               ": name a place where that user may write";
  throw Error(std::move(parts));
}

/// What is not a regular file is read once. One that is missing may be none at all, but a link that
/// comes with the program.
void check_file_to_read(const std::string& path, const UserIdentity& user) {
  struct stat status {};
  const bool is_found = ::stat(path.c_str(), &status) == 0;
  if (is_found && (!S_ISREG(status.st_mode) || ::access(path.c_str(), R_OK) == 0)) return;
  if (errno == EACCES)
    throw_system_error(
        EACCES, "read", path,
        "it is read again when this process is the user " + user.name + ": let that user read it");
}

void try_as(const UserIdentity& user, const TunnelOptions& options) {
  if (const int error = try_to_become_user(user, false); error != 0)
    throw_system_error(error, kAttempt, user.name,
                       "in a container or user namespace that user may be unknown");
  for (const std::string& file : options.files_changed_later) check_file_to_change(file, user);
  for (const std::string& file : options.files_read_later) check_file_to_read(file, user);
}

}  // namespace

std::optional<UserIdentity> user_to_become(const std::string& text) {
  if (text.empty()) return std::nullopt;
  UserIdentity user = find_user(text);
  const bool names_group = text.find(':') != std::string::npos;
  if (is_user(user) || (!names_group && user.uid == ::geteuid())) return std::nullopt;
  if (!may_change_user())
    throw_unsupported_error(kAttempt, text,
                            "only root (CAP_SETUID, CAP_SETGID) may change its user",
                            "run as root, or leave --user out");
  return user;
}

void check_user(const TunnelOptions& options) {
  if (!options.user) return;
  if (options.starts_programs || !options.janitor)
    throw_unsupported_error(kAttempt, options.user->name,
                            "this process starts programs itself, which are to stay the caller's",
                            "leave --user out");
  std::exception_ptr failure;
  start_thread("user", [&] {
    block_signals();
    try {
      try_as(*options.user, options);
    } catch (...) {
      failure = std::current_exception();
    }
  }).join();
  if (failure) std::rethrow_exception(failure);
}

}  // namespace tunrelay
