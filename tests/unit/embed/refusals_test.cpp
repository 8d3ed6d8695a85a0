// SPDX-License-Identifier: MIT
// What libtunrelay refuses before anything is touched, and with which message: no root is needed.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>

#include <tunrelay/stage.hpp>
#include <tunrelay/tunnel.hpp>

namespace tunrelay {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

/// The message of a refusal, which must be a usage one.
std::string refusal_of(const tunrelay_tunnel_setup& setup) {
  tunrelay_tunnel* tunnel = nullptr;
  EXPECT_EQ(tunrelay_tunnel_open(&setup, &tunnel), TUNRELAY_USAGE);
  EXPECT_EQ(tunnel, nullptr);
  return tunrelay_failure_text();
}

tunrelay_tunnel_setup plain_setup() {
  tunrelay_tunnel_setup setup{};
  setup.abi_version = TUNRELAY_TUNNEL_ABI_VERSION;
  return setup;
}

TEST(EmbedRefusals, AnotherVersionIsNamedWithOurs) {
  tunrelay_tunnel_setup setup = plain_setup();
  setup.abi_version = 99;
  EXPECT_THAT(refusal_of(setup), HasSubstr("version 99"));
  EXPECT_THAT(refusal_of(setup), HasSubstr("library has 1"));
}

TEST(EmbedRefusals, UnknownFlagsAndEmptyEntries) {
  tunrelay_tunnel_setup setup = plain_setup();
  setup.flags = 0x100;
  EXPECT_THAT(refusal_of(setup), HasSubstr("0x100"));
  setup = plain_setup();
  const tunrelay_option no_value{"engine", nullptr};
  setup.options = &no_value;
  setup.option_count = 1;
  EXPECT_THAT(refusal_of(setup), HasSubstr("option 0 is null"));
  setup = plain_setup();
  const tunrelay_built_in_stage no_stage{};
  setup.stages = &no_stage;
  setup.stage_count = 1;
  EXPECT_THAT(refusal_of(setup), HasSubstr("stage 0 has no descriptor"));
}

TEST(EmbedRefusals, OptionsAreReadAsFlagsAre) {
  const auto message_for = [](const embed::Options& options) {
    try {
      const embed::Tunnel tunnel({.options = options});
    } catch (const embed::Failure& failure) {
      EXPECT_EQ(failure.kind(), embed::FailureKind::kUsage);
      return std::string(failure.what());
    }
    return std::string("it was taken");
  };
  EXPECT_THAT(message_for({{"enginee", "uring"}}), HasSubstr("enginee=uring"));
  EXPECT_THAT(message_for({{"a-to-b", "dely 3ms"}}), HasSubstr("'dely' is not a stage"));
  EXPECT_THAT(message_for({{"mtu", "20"}}), HasSubstr("68 to 65535"));
}

TEST(EmbedRefusals, OtherThreadsMustNotBeThereBeforeAFork) {
  std::atomic<bool> done = false;
  std::thread other([&done] { done.wait(false); });
  EXPECT_THAT(refusal_of(plain_setup()), HasSubstr("without a janitor"));
  tunrelay_tunnel_setup setup = plain_setup();
  setup.flags = TUNRELAY_PRIVATE_NETWORK | TUNRELAY_NO_JANITOR;
  EXPECT_THAT(refusal_of(setup), HasSubstr("2 threads already"));
  EXPECT_THAT(refusal_of(setup), Not(HasSubstr("janitor")));
  done = true;
  done.notify_all();
  other.join();
}

TEST(EmbedRefusals, WordsAreTheCallingThreads) {
  tunrelay_tunnel_setup setup = plain_setup();
  setup.abi_version = 7;
  refusal_of(setup);
  std::thread([] {
    tunrelay_tunnel_setup other = plain_setup();
    other.flags = 0x80;
    refusal_of(other);
  }).join();
  EXPECT_THAT(tunrelay_failure_text(), HasSubstr("version 7"));
}

}  // namespace
}  // namespace tunrelay
