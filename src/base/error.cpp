// SPDX-License-Identifier: MIT
#include "base/error.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "base/error_line.hpp"

namespace tunrelay {
namespace {

std::string join(const Error::Parts& parts) {
  std::string text = error_line(parts);
  if (!parts.hint.empty()) text += "\n  hint: " + parts.hint;
  return text;
}

}  // namespace

ExitCode exit_code_for(int system_errno) noexcept {
  switch (system_errno) {
    case EPERM:
    case EACCES:
    case ENOENT:
    case ENODEV:
    case ENXIO:
    case ENOSYS:
    case EOPNOTSUPP:
    case EBUSY:
    case EEXIST:
    case EADDRINUSE:
    case EADDRNOTAVAIL:
      return ExitCode::kUnsupported;
    default:
      return ExitCode::kFailed;
  }
}

std::string error_line(const Error::Parts& parts) {
  std::string text = "could not " + parts.attempt;
  if (!parts.object.empty()) text += " " + parts.object;
  if (!parts.cause.empty()) text += ": " + parts.cause;
  return text;
}

Error::Error(Parts parts) : parts_(std::move(parts)), text_(join(parts_)) {}

void throw_system_error(int system_errno, std::string attempt, std::string object,
                        std::string hint) {
  throw Error({.attempt = std::move(attempt),
               .object = std::move(object),
               .cause = describe_errno(system_errno),
               .hint = std::move(hint),
               .system_errno = system_errno,
               .exit_code = exit_code_for(system_errno)});
}

int check_system_call(int result, const char* attempt, const std::string& object,
                      const char* hint) {
  if (result < 0) throw_system_error(errno, attempt, object, hint);
  return result;
}

void throw_usage_error(std::string attempt, std::string object, std::string cause,
                       std::string hint) {
  throw Error({.attempt = std::move(attempt),
               .object = std::move(object),
               .cause = std::move(cause),
               .hint = std::move(hint),
               .exit_code = ExitCode::kUsage});
}

void throw_unsupported_error(std::string attempt, std::string object, std::string cause,
                             std::string hint) {
  throw Error({.attempt = std::move(attempt),
               .object = std::move(object),
               .cause = std::move(cause),
               .hint = std::move(hint),
               .exit_code = ExitCode::kUnsupported});
}

std::string describe_errno(int system_errno) {
  const char* name = strerrorname_np(system_errno);
  const char* text = strerrordesc_np(system_errno);
  if (name == nullptr || text == nullptr) return fmt::format("error {}", system_errno);
  return fmt::format("{} ({})", text, name);
}

}  // namespace tunrelay
