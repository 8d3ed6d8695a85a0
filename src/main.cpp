// tunrelay: parse, dispatch, and the only catch.
#include <cstdio>
#include <exception>

#include "base/error.hpp"
#include "cli/command_line.hpp"

int main(int argc, char** argv) {
  try {
    return tunrelay::run_command_line(argc, argv);
  } catch (const tunrelay::Error& error) {
    std::fprintf(stderr, "tunrelay: %s\n", error.what());
    return static_cast<int>(error.exit_code());
  } catch (const std::exception& error) {
    std::fprintf(stderr, "tunrelay: %s\n", error.what());
    return static_cast<int>(tunrelay::ExitCode::kFailed);
  }
}
