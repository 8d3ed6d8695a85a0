// SPDX-License-Identifier: MIT
#include "gen/floor.hpp"

#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <thread>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "gen/trial.hpp"
#include "os/file_descriptor.hpp"

namespace tunrelay {
namespace {

constexpr std::size_t kDatagramBytes = 64;

Histogram socketpair_round_trip(std::int64_t duration_ns) {
  std::array<int, 2> ends{};
  check_system_call(::socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, ends.data()), "make",
                    "a socketpair");
  FileDescriptor near(ends[0]);
  const FileDescriptor far(ends[1]);
  std::thread echo([&far] {
    std::array<std::byte, kDatagramBytes> datagram{};
    while (::recv(far.get(), datagram.data(), datagram.size(), 0) > 0)
      if (::send(far.get(), datagram.data(), datagram.size(), MSG_NOSIGNAL) <= 0) return;
  });
  Histogram round_trip;
  std::array<std::byte, kDatagramBytes> datagram{};
  const std::int64_t end_ns = monotonic_ns() + duration_ns;
  for (std::int64_t begin_ns = monotonic_ns(); begin_ns < end_ns; begin_ns = monotonic_ns()) {
    if (::send(near.get(), datagram.data(), datagram.size(), MSG_NOSIGNAL) <= 0 ||
        ::recv(near.get(), datagram.data(), datagram.size(), 0) <= 0)
      break;
    round_trip.record(monotonic_ns() - begin_ns);
  }
  // An empty datagram ends the echo; closing one end of a pair of datagram sockets would not.
  static_cast<void>(::send(near.get(), nullptr, 0, MSG_NOSIGNAL));
  echo.join();
  return round_trip;
}

nlohmann::json percentiles(const Histogram& histogram) {
  return {{"count", histogram.count()},
          {"p50_ns", histogram.value_at_percentile(50)},
          {"p99_ns", histogram.value_at_percentile(99)}};
}

}  // namespace

GeneratorFloor measure_floor(std::int64_t duration_ns) {
  const IpAddress lo = IpAddress::parse("127.0.0.1");
  GeneratorFloor floor;
  floor.socketpair_round_trip = socketpair_round_trip(duration_ns);
  LoadSpec spec;
  spec.duration_ns = duration_ns;
  spec.pattern = LoadPattern::kRequestResponse;
  floor.lo_round_trip = run_trial(spec, lo, lo).directions[0].responses.delay;
  spec.pattern = LoadPattern::kStream;
  floor.lo_messages_per_s = messages_per_s(run_trial(spec, lo, lo).directions[0].received);
  spec.messages_per_s = 10'000;
  floor.lo_slip = run_trial(spec, lo, lo).directions[0].sent.slip;
  return floor;
}

nlohmann::json to_json(const GeneratorFloor& floor) {
  return {{"socketpair_round_trip", percentiles(floor.socketpair_round_trip)},
          {"lo_round_trip", percentiles(floor.lo_round_trip)},
          {"lo_messages_per_s", floor.lo_messages_per_s},
          {"lo_slip_at_10000_per_s", percentiles(floor.lo_slip)}};
}

}  // namespace tunrelay
