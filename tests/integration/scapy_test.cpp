// SPDX-License-Identifier: MIT
// scapy chooses the way of a packet by itself, from the tables that the kernel shows, and sends it
// by the interface that it has chosen. What it sends to the other end crosses and is answered.
#include <gtest/gtest.h>

#include <string>

#include "support/private_network.hpp"
#include "support/process.hpp"
#include "support/program.hpp"
#include "support/unchanged_network.hpp"

namespace tunrelay::test {
namespace {

class ScapyTest : public PrivateNetwork {};

constexpr const char* kEcho = R"(
from scapy.all import IP, IPv6, ICMP, ICMPv6EchoRequest, conf, sr1
conf.verb = 0
for packet in (IP(dst="192.168.13.2") / ICMP(), IPv6(dst="fd13::2") / ICMPv6EchoRequest()):
    answer = sr1(packet, timeout=10)
    # For IPv6 either device will do: the prefix of both is the same, and both lead across.
    print(packet.route()[0][:3], answer.src if answer else "nothing")
)";

TEST_F(ScapyTest, AnEchoRequestIsAnsweredAcrossTheTunnel) {
  for (const std::string strategy : kStrategies) {
    Command command = split(program() + " exec -q --strategy " + strategy + " --");
    for (std::string& word : split(strategy == "namespaces" ? "ip netns exec tunrelay-a" : ""))
      command.push_back(std::move(word));
    for (const char* word : {"/usr/bin/python3", "-c", kEcho}) command.emplace_back(word);
    const ProcessResult result = run(command);
    EXPECT_EQ(result.standard_output, "tun 192.168.13.2\ntun fd13::2\n")
        << strategy << ": " << result.describe();
  }
}

}  // namespace
}  // namespace tunrelay::test
