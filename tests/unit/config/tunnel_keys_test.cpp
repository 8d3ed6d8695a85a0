// SPDX-License-Identifier: MIT
// KEY=VALUE pairs as they become the flags of a tunnel.
#include "config/tunnel_keys.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/temporary_folder.hpp"
#include "support/thrown_error.hpp"

namespace tunrelay {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(TunnelKeys, AKeyIsAFlag) {
  const TunnelFlags flags = read_tunnel_keys({{"engine", "syscall"},
                                              {"a-to-b", "delay 5ms, loss 1%"},
                                              {"trace", "true"},
                                              {"stage", "./first.so,key=value"},
                                              {"stage", "./second.so"}});
  EXPECT_EQ(flags.engine, "syscall");
  EXPECT_EQ(flags.link.a_to_b, "delay 5ms, loss 1%");
  EXPECT_TRUE(flags.trace);
  EXPECT_THAT(flags.stages, ElementsAre("./first.so,key=value", "./second.so"));
  EXPECT_EQ(flags.mtu, TunnelFlags{}.mtu);
}

TEST(TunnelKeys, AnEmptyValueIsOne) {
  const TunnelFlags flags = read_tunnel_keys({{"a-to-b", ""}, {"seed", "7"}, {"b-to-a", ""}});
  EXPECT_EQ(flags.link.a_to_b, "");
  EXPECT_EQ(flags.link.b_to_a, "");
}

TEST(TunnelKeys, TheLastOfAKeyWinsAndAFileStandsBeforeAll) {
  const test::TemporaryFolder folder;
  const std::string file = folder.write("t.toml", "mtu = 9000\nqueues = 2\n");
  const TunnelFlags flags = read_tunnel_keys({{"mtu", "1400"}, {"mtu", "1300"}, {"config", file}});
  EXPECT_EQ(flags.mtu, "1300");
  EXPECT_EQ(flags.queues, "2");
}

TEST(TunnelKeys, DefaultsAreTheCallers) {
  TunnelFlags defaults;
  defaults.control_socket = "none";
  EXPECT_EQ(read_tunnel_keys({}, defaults).control_socket, "none");
  EXPECT_EQ(read_tunnel_keys({{"control-socket", "auto"}}, defaults).control_socket, "auto");
  EXPECT_EQ(read_tunnel_keys({{"control", "none"}}).control_socket, "none") << "its former name";
  EXPECT_EQ(read_tunnel_keys({{"hold-limit", "32M"}}).queue_memory, "32M") << "likewise";
  EXPECT_EQ(read_tunnel_keys({{"hold-limit", "32M"}, {"queue-memory", "64M"}}).queue_memory, "64M");
  EXPECT_EQ(read_tunnel_keys({{"queue-memory", "64M"}, {"hold-limit", "32M"}}).queue_memory, "32M")
      << "the last one wins, whatever it is called";
}

TEST(TunnelKeys, WhatIsNoFlagOrNoValueIsNamed) {
  const auto message_for = [](const std::string& key, const std::string& value) {
    const Error error = test::thrown_error([&] { return read_tunnel_keys({{key, value}}); });
    EXPECT_EQ(error.exit_code(), ExitCode::kUsage);
    return std::string(error.what());
  };
  EXPECT_THAT(message_for("enginee", "uring"), HasSubstr("enginee=uring: there is no such key"));
  EXPECT_THAT(message_for("help", "true"), HasSubstr("there is no such key"));
  EXPECT_THAT(message_for("", "x"), HasSubstr("there is no such key"));
  EXPECT_THAT(message_for("engine", "steam"), HasSubstr("--engine"));
  EXPECT_THAT(message_for("queues", "0"), HasSubstr("--queues"));
}

}  // namespace
}  // namespace tunrelay
