// SPDX-License-Identifier: MIT
// Set-up errors. Every one names what was tried, on which object, the kernel's answer,
// and a hint; main alone catches it and turns it into the exit code, and so does the boundary
// of libtunrelay. The data path never throws: there an error is a counted outcome.
#pragma once

#include <exception>
#include <string>

namespace tunrelay {

/// What the program's exit status says; the same for every command.
enum class ExitCode : int {
  kDone = 0,
  kFailed = 1,
  kUsage = 2,
  kUnsupported = 3,  ///< this host can't: no permission, no tun, a conflict
  kRegression = 4,
  kInconclusive = 5,
  // Of `exec` alone, as env(1) and shells have them.
  kCommandNotRun = 126,    ///< the command is there, but can't be run
  kCommandNotFound = 127,  ///< there is no such command
};

class Error : public std::exception {
 public:
  struct Parts {
    std::string attempt;   ///< "open", "add the rule"
    std::string object;    ///< "/dev/net/tun", "10: from all iif tun0 lookup 5213"
    std::string cause;     ///< why it failed: what the kernel said, or what is wrong
    std::string hint;      ///< what the reader can do; may be empty
    int system_errno = 0;  ///< 0 when no system call failed
    ExitCode exit_code = ExitCode::kFailed;
  };

  explicit Error(Parts parts);

  [[nodiscard]] const char* what() const noexcept override { return text_.c_str(); }
  [[nodiscard]] const Parts& parts() const noexcept { return parts_; }
  [[nodiscard]] ExitCode exit_code() const noexcept { return parts_.exit_code; }
  [[nodiscard]] int system_errno() const noexcept { return parts_.system_errno; }

 private:
  Parts parts_;
  std::string text_;
};

/// Permission, absence and conflict mean that this host can't (3), the rest is 1.
[[nodiscard]] ExitCode exit_code_for(int system_errno) noexcept;

/// Throws the Error for a failed system call, with the exit code for its errno.
[[noreturn]] void throw_system_error(int system_errno, std::string attempt, std::string object,
                                     std::string hint = {});

/// Returns RESULT, or throws throw_system_error(errno, ...) where it is negative.
int check_system_call(int result, const char* attempt, const std::string& object,
                      const char* hint = "");

/// A usage error: exit code 2.
[[noreturn]] void throw_usage_error(std::string attempt, std::string object, std::string cause,
                                    std::string hint = {});

/// This host can't, though no system call said so: exit code 3.
[[noreturn]] void throw_unsupported_error(std::string attempt, std::string object,
                                          std::string cause, std::string hint = {});

/// "Permission denied (EACCES)".
std::string describe_errno(int system_errno);

}  // namespace tunrelay
