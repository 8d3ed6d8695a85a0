// SPDX-License-Identifier: MIT
// expand_config_files() on a file of any text: arguments that begin with a flag of the list, or a
// usage Error with a message that names the file.
// Input: the text of a configuration file.
// Covers: config/config_file.cpp
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "config/config_file.hpp"
#include "os/file_descriptor.hpp"

using namespace tunrelay;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const std::vector<std::string> flags{"--queues", "--mtu", "--a-to-b", "--address-a",
                                              "--json"};
  const FileDescriptor file(::memfd_create("fuzz.toml", MFD_CLOEXEC));
  if (::write(file.get(), data, size) != static_cast<ssize_t>(size)) return 0;
  const std::string path = "/proc/self/fd/" + std::to_string(file.get());
  try {
    const auto arguments =
        expand_config_files({"run", "--config", path, "--", "--config=x"}, 1, flags);
    if (arguments.size() < 5 || arguments.front() != "run") std::abort();
    for (std::size_t at = 1; at + 4 < arguments.size(); ++at) {
      const std::string flag = arguments[at].substr(0, arguments[at].find('='));
      if (std::find(flags.begin(), flags.end(), flag) == flags.end()) std::abort();
    }
  } catch (const Error& error) {
    if (error.exit_code() != ExitCode::kUsage || error.parts().cause.empty()) std::abort();
    if (std::string(error.what()).find(path) == std::string::npos) std::abort();
  }
  return 0;
}
