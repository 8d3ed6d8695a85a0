// SPDX-License-Identifier: MIT
// tools/torture and tools/soak in short: that they pass on what holds, and fail on what does not.
#include <gmock/gmock.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>

#include <nlohmann/json.hpp>

#include "support/private_network.hpp"
#include "support/process.hpp"
#include "support/tunnel_process.hpp"

namespace tunrelay::test {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;

class TrustTest : public PrivateNetwork {
 protected:
  static ProcessResult tool_with(const std::string& program, const std::string& line) {
    constexpr std::chrono::seconds kLimit{100};
    Command command{"env", "TUNRELAY_PROGRAM=" + program};
    for (const std::string& word : split(std::string(TUNRELAY_SOURCE_DIR) + "/tools/" + line))
      command.push_back(word);
    return run(command, kLimit);
  }
};

TEST_F(TrustTest, TortureFindsNoDifference) {
  const ProcessResult result =
      tool_with(TUNRELAY_PROGRAM, "torture --kills 24 --every 3 --out /run/trust.json");
  EXPECT_EQ(result.exit_code, 0) << result.describe();
  const nlohmann::json summary = nlohmann::json::parse(result.standard_output);
  EXPECT_EQ(summary.at("kills"), 24);
  EXPECT_EQ(summary.at("janitor_killed_too"), 8);
  EXPECT_EQ(summary.at("different"), 0);
  for (const auto& count : summary.at("by_moment")) EXPECT_EQ(count, 6);
  std::ifstream page("/run/trust.md");
  EXPECT_THAT(std::string(std::istreambuf_iterator<char>(page), {}),
              HasSubstr("| tunnels killed, at random moments | 24 |"));
}

TEST_F(TrustTest, TortureSeesWhatIsLeft) {
  const std::string fake = "/run/fake";
  std::ofstream(fake) << "#!/bin/sh\nip rule add pref 77 lookup 77 2>/run/why\n"
                         "echo '{\"event\": \"ready\"}'\nexec sleep 100\n";
  std::filesystem::permissions(fake, std::filesystem::perms(0755));
  // In a /run of its own the tool would not see it.
  std::filesystem::create_directories("/tmp/tunrelay-trust-test");
  std::filesystem::copy_file(fake, "/tmp/tunrelay-trust-test/fake",
                             std::filesystem::copy_options::overwrite_existing);
  const ProcessResult result = tool_with("/tmp/tunrelay-trust-test/fake", "torture --kills 2");
  std::filesystem::remove_all("/tmp/tunrelay-trust-test");
  EXPECT_EQ(result.exit_code, 1) << result.describe();
  EXPECT_THAT(result.standard_error, HasSubstr("+ rule {"));
}

TEST_F(TrustTest, SoakSaysWhatEachThreadDidWhenARelayDidNotAnswer) {
  const std::string folder = "/tmp/tunrelay-soak-test";
  std::filesystem::create_directories(folder);
  const std::string deaf = folder + "/deaf";
  std::ofstream(deaf)
      << "#!/bin/sh\nif [ \"$1 $2\" = 'link set' ]; then echo no answer >&2; exit 1; fi\n"
         "exec " TUNRELAY_PROGRAM " \"$@\"\n";
  std::filesystem::permissions(deaf, std::filesystem::perms(0755));
  const ProcessResult result = tool_with(deaf, "soak --seconds 12");
  std::filesystem::remove_all(folder);
  EXPECT_EQ(result.exit_code, 1) << result.describe();
  EXPECT_THAT(result.standard_error, HasSubstr("ended after 0 rounds"));
  EXPECT_THAT(result.standard_error, HasSubstr("no answer"));
  for (const char* relay : {"steady", "changing"})
    EXPECT_THAT(result.standard_error,
                ContainsRegex("the " + std::string(relay) + " relay:\n(  .*\n)*  .* relay-0: S, "));
}

TEST_F(TrustTest, SoakKeepsItsAccountsForAShortTime) {
  const ProcessResult result = tool_with(TUNRELAY_PROGRAM, "soak --seconds 12");
  EXPECT_EQ(result.exit_code, 0) << result.describe();
  const nlohmann::json summary = nlohmann::json::parse(result.standard_output);
  EXPECT_GE(summary.at("rounds"), 2);
  EXPECT_TRUE(summary.at("broken").empty()) << summary;
  for (const char* relay : {"steady", "changing"})
    EXPECT_GT(summary.at(relay).at("packets"), 1000) << relay;
}

/// An hour of rounds whose links differ by a MiB, and whose allocator keeps another one now and
/// then.
TEST_F(TrustTest, ALeakIsFoundBesideWhatComesAndGoes) {
  const ProcessResult result = run({"/usr/bin/python3", "-B", "-c", R"(
import importlib.machinery, importlib.util, random, sys
loader = importlib.machinery.SourceFileLoader("soak", sys.argv[1] + "/tools/soak")
soak = importlib.util.module_from_spec(importlib.util.spec_from_loader("soak", loader))
loader.exec_module(soak)
chance = random.Random(1)
way = {"read": {"packets": 1, "segments": 1}, "balanced": True}
ends = {name: {"a_to_b": way, "b_to_a": way, "path": {"checks": 1}} for name in ("steady", "changing")}
def broken(leak):
    rounds = []
    for number in range(320):
        at_s = number * 11.3
        held = (100 + number % 4 / 3 + chance.choice((0, 1)) + leak * at_s / 3600) * soak.MIB
        relay = {"at_s": at_s, "resident_bytes": held, "buffer_bytes": 0, "threads": 5, "descriptors": 9}
        rounds.append({"bits_per_s": 1, "steady": relay, "changing": relay})
    return soak.summarise(rounds, ends, 3600)["broken"]
print(sum(len(broken(0)) for _ in range(20)), min(len(broken(1)) for _ in range(20)))
)",
                                    TUNRELAY_SOURCE_DIR});
  EXPECT_EQ(result.standard_output, "0 2\n") << result.describe();
}

TEST_F(TrustTest, AKilledSoakLeavesNothingRunning) {
  // A time that no other soak has, by which its processes are known.
  constexpr const char* kInside = "inside --seconds 987654.5";
  const auto runs = [] { return run({"pgrep", "-f", kInside}).succeeded(); };
  BackgroundProcess soak(
      {std::string(TUNRELAY_SOURCE_DIR) + "/tools/soak", "--seconds", "987654.5"});
  ASSERT_TRUE(eventually(std::chrono::seconds{20}, runs));
  soak.send_signal(SIGKILL);
  EXPECT_TRUE(eventually(std::chrono::seconds{3}, [&] { return !runs(); }));
}

}  // namespace
}  // namespace tunrelay::test
