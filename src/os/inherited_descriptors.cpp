// SPDX-License-Identifier: MIT
#include "os/inherited_descriptors.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <charconv>
#include <set>
#include <string_view>

#include "base/error.hpp"

namespace tunrelay {
namespace {

constexpr unsigned kFirst = STDERR_FILENO + 1;

/// The numbers that stand behind "/fd/" in ARGUMENTS.
std::set<unsigned> named_in(const std::vector<std::string>& arguments) {
  constexpr std::string_view kFolder = "/fd/";
  std::set<unsigned> named;
  for (const std::string& argument : arguments)
    for (std::size_t at = argument.find(kFolder); at != std::string::npos;
         at = argument.find(kFolder, at + 1)) {
      unsigned number = 0;
      const char* begin = argument.data() + at + kFolder.size();
      if (std::from_chars(begin, argument.data() + argument.size(), number).ec == std::errc{})
        named.insert(number);
    }
  return named;
}

}  // namespace

void close_inherited_descriptors(const std::vector<std::string>& arguments) {
  constexpr const char* kNowhere = "/dev/null";
  for (int stream = STDIN_FILENO; stream <= STDERR_FILENO; ++stream)
    if (::fcntl(stream, F_GETFD) < 0)  // the lowest number is free: the next open takes it
      check_system_call(::open(kNowhere, O_RDWR), "open", kNowhere);
  unsigned first = kFirst;
  for (const unsigned kept : named_in(arguments)) {
    if (kept < first || kept == ~0U) continue;
    if (kept > first) ::close_range(first, kept - 1, 0);
    first = kept + 1;
  }
  ::close_range(first, ~0U, 0);
}

}  // namespace tunrelay
