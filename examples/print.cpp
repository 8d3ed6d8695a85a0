// SPDX-License-Identifier: MIT
// The smallest stage that shows something: prints each packet that a device sends, and passes it.
//   tunrelay exec --stage ./libprint.so -- ping -c 3 192.168.13.2
#include <algorithm>
#include <cstdio>

#include <tunrelay/stage.hpp>

namespace {

using namespace tunrelay::plugin;

class Print : public Endpoint {
 public:
  explicit Print(const Setup& setup)
      : Endpoint(setup), shown_(setup.options.number<std::size_t>("bytes", 20, 0, 65535)) {}

  void from_device(std::span<Frame> frames, std::int64_t /*now_ns*/) override {
    for (Frame& frame : frames) {
      std::fprintf(stderr, "device %s sends %zu bytes:", end_name(), frame.bytes().size());
      for (const std::byte byte : frame.bytes().first(std::min(shown_, frame.bytes().size())))
        std::fprintf(stderr, " %02x", std::to_integer<unsigned>(byte));
      std::fputc('\n', stderr);
      frame.pass();
    }
  }

 private:
  std::size_t shown_;
};

}  // namespace

TUNRELAY_STAGE(Print, "print", Access::kLooksAtWireSegments, Pairs::kEachQueue);
