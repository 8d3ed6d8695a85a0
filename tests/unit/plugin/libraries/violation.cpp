// SPDX-License-Identifier: MIT
// A stage that declares no system calls and makes one: call=openat and so on, at the first frame.
#include <fcntl.h>
#include <linux/if_tun.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>

#include <tunrelay/stage.hpp>

namespace {

using tunrelay::plugin::Endpoint;
using tunrelay::plugin::Frame;
using tunrelay::plugin::Setup;

class Violation final : public Endpoint {
 public:
  explicit Violation(const Setup& setup)
      : Endpoint(setup), call_(setup.options.text("call", "none")) {}

  void from_device(std::span<Frame> frames, std::int64_t /*now_ns*/) override {
    if (call_ == "openat") ::open("/etc/passwd", O_RDONLY | O_CLOEXEC);
    if (call_ == "socket") ::socket(AF_INET, SOCK_DGRAM, 0);
    if (call_ == "execve") ::execl("/bin/true", "true", nullptr);
    if (call_ == "ioctl")
      for (int fd = 3; fd < 64; ++fd) ::ioctl(fd, TUNSETPERSIST, 1);
    if (call_ == "mprotect") ::mprotect(nullptr, 4096, PROT_READ | PROT_EXEC);
    pass_all(frames);
  }

 private:
  std::string call_;
};

}  // namespace

TUNRELAY_CONFINED_STAGE(Violation, "violation", Access::kLooksAtSuperPackets, Pairs::kEachQueue);
