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
  if (!parts.way_out.empty()) text += "\n  way out: " + parts.way_out;
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
      return ExitCode::kUnfit;
    default:
      return ExitCode::kFailed;
  }
}

std::string error_line(const Error::Parts& parts) {
  std::string text = "could not " + parts.attempt;
  if (!parts.object.empty()) text += " " + parts.object;
  if (!parts.answer.empty()) text += ": " + parts.answer;
  return text;
}

Error::Error(Parts parts) : parts_(std::move(parts)), text_(join(parts_)) {}

void throw_system_error(int system_errno, std::string attempt, std::string object,
                        std::string way_out) {
  throw Error({.attempt = std::move(attempt),
               .object = std::move(object),
               .answer = describe_errno(system_errno),
               .way_out = std::move(way_out),
               .system_errno = system_errno,
               .exit_code = exit_code_for(system_errno)});
}

int check_system_call(int result, const char* attempt, const std::string& object,
                      const char* way_out) {
  if (result < 0) throw_system_error(errno, attempt, object, way_out);
  return result;
}

void throw_usage_error(std::string attempt, std::string object, std::string answer,
                       std::string way_out) {
  throw Error({.attempt = std::move(attempt),
               .object = std::move(object),
               .answer = std::move(answer),
               .way_out = std::move(way_out),
               .exit_code = ExitCode::kUsage});
}

void throw_unfit_error(std::string attempt, std::string object, std::string answer,
                       std::string way_out) {
  throw Error({.attempt = std::move(attempt),
               .object = std::move(object),
               .answer = std::move(answer),
               .way_out = std::move(way_out),
               .exit_code = ExitCode::kUnfit});
}

std::string describe_errno(int system_errno) {
  const char* name = strerrorname_np(system_errno);
  const char* text = strerrordesc_np(system_errno);
  if (name == nullptr || text == nullptr) return fmt::format("error {}", system_errno);
  return fmt::format("{} ({})", text, name);
}

}  // namespace tunrelay
