// SPDX-License-Identifier: MIT
// A program that holds a tunnel with a stage of its own in it: sends some megabytes over TCP from
// one end to the other, in a private network, and prints what became of them.
//   ./embed [KEY=VALUE]...          (any flag of `tunrelay run`: engine=syscall a-to-b='loss 1%')
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <tunrelay/stage.hpp>
#include <tunrelay/tunnel.hpp>

namespace {

namespace embed = tunrelay::embed;
using namespace tunrelay::plugin;

constexpr std::size_t kBytes = 4'000'000;

/// What the stage reports to the program that it is compiled into.
struct Sightings {
  std::atomic<std::uint64_t> packets{0};
};

class Watch : public Endpoint {
 public:
  using Endpoint::Endpoint;
  void from_device(std::span<Frame> frames, std::int64_t /*now_ns*/) override {
    static_cast<Sightings*>(site().context)->packets += frames.size();
    count("packets seen", frames.size());
    pass_all(frames);
  }
};

constexpr tunrelay_stage_descriptor kWatch =
    describe<Watch>("watch", Access::kLooksAtWireSegments, Pairs::kEachQueue);

sockaddr_in address(const char* text) {
  sockaddr_in name{};
  name.sin_family = AF_INET;
  name.sin_port = htons(5001);
  ::inet_pton(AF_INET, text, &name.sin_addr);
  return name;
}

int check(int result, const char* what) {
  if (result >= 0) return result;
  std::perror(what);
  std::exit(1);
}

/// Sends kBytes from end a to end b; returns those that have arrived.
std::size_t transfer() {
  const sockaddr_in to = address("192.168.13.2");
  const auto* name = reinterpret_cast<const sockaddr*>(&to);
  const int listener = check(::socket(AF_INET, SOCK_STREAM, 0), "socket");
  check(::bind(listener, name, sizeof to), "bind");
  check(::listen(listener, 1), "listen");
  const int sender = check(::socket(AF_INET, SOCK_STREAM, 0), "socket");
  check(::connect(sender, name, sizeof to), "connect");
  const int receiver = check(::accept(listener, nullptr, nullptr), "accept");
  std::thread sending([sender] {
    const std::vector<char> data(kBytes);
    check(static_cast<int>(::send(sender, data.data(), data.size(), 0)), "send");
    ::shutdown(sender, SHUT_WR);
  });
  std::size_t received = 0;
  std::vector<char> part(1 << 16);
  for (ssize_t length = 0; (length = ::read(receiver, part.data(), part.size())) > 0;)
    received += static_cast<std::size_t>(length);
  sending.join();
  for (const int socket : {listener, sender, receiver}) ::close(socket);
  return received;
}

int run(int argc, char** argv) {
  Sightings sightings;
  embed::Setup setup;
  for (int at = 1; at < argc; ++at) {
    const std::string_view word = argv[at];
    const std::size_t equals = word.find('=');
    setup.options.emplace_back(word.substr(0, equals),
                               equals == std::string_view::npos ? "true" : word.substr(equals + 1));
  }
  setup.stages.push_back({kWatch, {}, &sightings});
  setup.private_network = true;
  setup.on_event = [](std::string_view kind, std::string_view text) {
    std::fprintf(stderr, "%s: %s\n", std::string(kind).c_str(), std::string(text).c_str());
  };
  embed::Tunnel tunnel(setup);  // before the first thread
  std::size_t received = 0;
  std::thread work([&] {
    received = transfer();
    tunnel.request_stop();
  });
  tunnel.attend();
  work.join();
  tunnel.stop();
  std::printf("%zu bytes have arrived, in %llu packets that the stage saw\n", received,
              static_cast<unsigned long long>(sightings.packets));
  std::printf("%s", tunnel.report_text().c_str());
  return received == kBytes ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const embed::Failure& failure) {
    std::fprintf(stderr, "embed: %s\n", failure.what());
    return static_cast<int>(failure.kind());
  }
}
