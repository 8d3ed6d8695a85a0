// SPDX-License-Identifier: MIT
// Flags as they become the options of a tunnel.
#include "config/tunnel_flags.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "base/error.hpp"
#include "link/stage_text.hpp"
#include "support/thrown_error.hpp"

namespace tunrelay {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string refusal_of(const TunnelFlags& flags) {
  try {
    tunnel_options(flags);
  } catch (const Error& error) {
    EXPECT_EQ(error.exit_code(), ExitCode::kUsage);
    return error.what();
  }
  return "it was taken";
}

TEST(TunnelFlags, DefaultsAreTheArticles) {
  const TunnelOptions options = tunnel_options({});
  EXPECT_EQ(options.a.device, "tun0");
  EXPECT_EQ(options.b.device, "tun1");
  EXPECT_THAT(options.a.addresses,
              ElementsAre(IpPrefix::parse("192.168.13.1/24"), IpPrefix::parse("fd13::1/64")));
  EXPECT_THAT(options.b.addresses,
              ElementsAre(IpPrefix::parse("192.168.13.2/24"), IpPrefix::parse("fd13::2/64")));
  EXPECT_EQ(options.strategy, Strategy::kPolicy);
  EXPECT_FALSE(options.engine.has_value());
  EXPECT_FALSE(options.queues.has_value());
}

TEST(TunnelFlags, ATapHasATapsName) {
  TunnelFlags flags;
  flags.type = "tap";
  EXPECT_EQ(tunnel_options(flags).a.device, "tap0");
  flags.device_a = "left";
  EXPECT_EQ(tunnel_options(flags).a.device, "left");
  EXPECT_EQ(tunnel_options(flags).b.device, "tap1");
}

TEST(TunnelFlags, ValuesAreReadWithTheirUnits) {
  TunnelFlags flags;
  flags.busy_poll = "50us";
  flags.queues = "3";
  flags.cpus = "0,2-3";
  flags.mtu = "9000";
  flags.engine = "syscall";
  flags.address_a = "10.0.0.1/30,fd99::1/64";
  const TunnelOptions options = tunnel_options(flags);
  EXPECT_EQ(options.busy_poll_ns, 50'000);
  EXPECT_EQ(options.queues, 3U);
  EXPECT_THAT(options.cpus, ElementsAre(0, 2, 3));
  EXPECT_EQ(options.mtu_bytes, 9000U);
  EXPECT_EQ(options.engine, EngineKind::kSyscall);
  EXPECT_THAT(options.a.addresses,
              ElementsAre(IpPrefix::parse("10.0.0.1/30"), IpPrefix::parse("fd99::1/64")));
}

TEST(TunnelFlags, TheQueueMemoryHasBounds) {
  TunnelFlags flags;
  EXPECT_EQ(tunnel_options(flags).queue_memory_bytes, std::size_t{256} << 20U);
  for (const auto& [text, bytes] :
       {std::pair{"16M", std::size_t{16} << 20U}, {"2G", std::size_t{2} << 30U}}) {
    flags.queue_memory = text;
    EXPECT_EQ(tunnel_options(flags).queue_memory_bytes, bytes);
  }
  for (const char* text : {"0", "15M", "16777215", "2049M", "1T"}) {
    flags.queue_memory = text;
    EXPECT_THAT(refusal_of(flags), HasSubstr("it is not from 16.0 MiB to 2.0 GiB")) << text;
  }
}

TEST(TunnelFlags, ADirectionsOwnFlagStandsForTheProfiles) {
  TunnelFlags flags;
  EXPECT_TRUE(tunnel_options(flags).link.empty());
  flags.link.link = "dsl";
  flags.link.a_to_b = "mtu 1400";
  flags.link.seed = 7;
  const LinkDescription link = tunnel_options(flags).link;
  EXPECT_EQ(print_stages(link.directions[0]), "mtu 1400");
  EXPECT_EQ(link.directions[1].size(), 2U);
  EXPECT_EQ(link.seed, 7U);
}

TEST(TunnelFlags, AUserIsLookedUpAndTheOwnOneChangesNothing) {
  EXPECT_FALSE(tunnel_options({}).user);
  TunnelFlags flags;
  flags.user = std::to_string(::geteuid());
  EXPECT_FALSE(tunnel_options(flags).user);
  flags.user = "nosuchuser";
  EXPECT_THAT(refusal_of(flags), HasSubstr("'nosuchuser'"));
  flags.user = "61234:61235";
  if (::geteuid() == 0) {
    EXPECT_EQ(tunnel_options(flags).user->gid, 61235U);
  } else {
    EXPECT_EQ(test::thrown_error([&] { return tunnel_options(flags); }).exit_code(),
              ExitCode::kUnsupported);
  }
}

TEST(TunnelFlags, RefusalsNameTheValue) {
  TunnelFlags flags;
  flags.mtu = "67";
  EXPECT_THAT(refusal_of(flags), HasSubstr("67"));
  flags.mtu = "65536";
  EXPECT_THAT(refusal_of(flags), HasSubstr("65536"));
  flags = {};
  flags.queues = "0";
  EXPECT_THAT(refusal_of(flags), HasSubstr("0 queues"));
  flags = {};
  flags.busy_poll = "50";
  EXPECT_THAT(refusal_of(flags), HasSubstr("50"));
  flags.busy_poll = "50us";
  flags.min_wait = "50us";
  EXPECT_THAT(refusal_of(flags), HasSubstr("--busy-poll and --min-wait"));
  flags = {};
  flags.address_b = "10.0.0.300/24";
  EXPECT_THAT(refusal_of(flags), HasSubstr("10.0.0.300"));
  flags = {};
  flags.link.b_to_a = "delay 20";
  EXPECT_THAT(refusal_of(flags), HasSubstr("--b-to-a: '20': it has no unit"));
  flags = {};
  flags.device_a = "a name that is too long";
  EXPECT_THAT(refusal_of(flags), HasSubstr("a name that is too long"));
}

}  // namespace
}  // namespace tunrelay
