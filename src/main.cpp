// SPDX-License-Identifier: MIT
// tunrelay: parse, dispatch, and the only catch.
#include <cstdio>
#include <exception>
#include <new>
#include <string>

#include "base/clean_text.hpp"
#include "base/error.hpp"
#include "cli/command_line.hpp"
#include "os/print.hpp"

int main(int argc, char** argv) {
  try {
    return tunrelay::run_command_line(argc, argv);
  } catch (const tunrelay::Error& error) {
    tunrelay::print_wrapped(stderr,
                            std::string("tunrelay: ") + tunrelay::clean_lines(error.what()) + "\n");
    return static_cast<int>(error.exit_code());
  } catch (const std::bad_alloc&) {
    std::fputs("tunrelay: could not go on: Cannot allocate memory (ENOMEM)\n", stderr);
    return static_cast<int>(tunrelay::ExitCode::kFailed);
  } catch (const std::exception& error) {
    tunrelay::print_wrapped(stderr,
                            std::string("tunrelay: ") + tunrelay::clean_lines(error.what()) + "\n");
    return static_cast<int>(tunrelay::ExitCode::kFailed);
  }
}
