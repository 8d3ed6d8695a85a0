// SPDX-License-Identifier: MIT
// `tunrelay replay` of files that were captured of a tunnel: by tunrelay itself, by tcpdump and by
// tshark, of TUN and of TAP devices.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include <nlohmann/json.hpp>

#include "support/private_network.hpp"
#include "support/process.hpp"
#include "support/program.hpp"

namespace tunrelay {
namespace {

using test::output_of;
using test::split;

constexpr const char* kPings = "ping -n -q -c 4 -i 0.05 -W 1 192.168.13.2 >/dev/null";

class ReplayCaptureTest : public test::PrivateNetwork {
 protected:
  /// `exec FLAGS sh -c SCRIPT`, which must succeed.
  static void exec(const std::string& flags, const std::string& script) {
    test::Command command = split(test::program() + " exec -q " + flags + " sh -euc");
    command.push_back(script);
    output_of(command);
  }
  /// The summary of a replay of FILE with 5 ms of delay; what comes out is in /run/out.pcapng.
  static nlohmann::json replay(const std::string& file, const std::string& flags = "") {
    test::Command command = split(test::program() + " replay " + file + " /run/out.pcapng " +
                                  flags + " --json --a-to-b");
    for (const char* word : {"delay 5ms", "--b-to-a", "delay 5ms"}) command.emplace_back(word);
    return nlohmann::json::parse(output_of(command));
  }
  /// Of the packets that tshark finds in FILE by FILTER (without blanks), FIELD each.
  static std::string field_of(const std::string& file, const std::string& filter,
                              const std::string& field) {
    return output_of(split("tshark -r " + file + " -Y " + filter + " -T fields -e " + field));
  }
};

std::uint64_t count_of_lines(const std::string& text) {
  return static_cast<std::uint64_t>(std::count(text.begin(), text.end(), '\n'));
}

TEST_F(ReplayCaptureTest, OurOwnCaptureIsReadAsItCameIn) {
  for (const std::string type : {"tun", "tap"}) {
    exec("--capture /run/c.pcapng --type " + type, kPings);
    for (const std::string from : {"0", "1"}) {
      const std::string direction = from == "0" ? "a-to-b" : "b-to-a";
      const nlohmann::json summary = replay("/run/c.pcapng", "--direction " + direction);
      const std::string came =
          "frame.interface_name==" + type + from + "&&frame.packet_flags_direction==1";
      const std::uint64_t packets = count_of_lines(field_of("/run/c.pcapng", came, "frame.number"));
      EXPECT_GE(packets, 4U) << type;
      EXPECT_EQ(summary.at("read").at("packets"), packets) << type << " " << direction;
      EXPECT_EQ(summary.at("written").at("packets"), packets) << type << " " << direction;
      const std::string pings = from == "0" ? "icmp.type==8" : "icmp.type==0";
      EXPECT_EQ(field_of("/run/out.pcapng", pings, "icmp.seq"), "1\n2\n3\n4\n");
      EXPECT_EQ(field_of("/run/out.pcapng", pings, "ip.checksum"),
                field_of("/run/c.pcapng", pings + "&&" + came, "ip.checksum"))
          << "the very packets, in their order";
      EXPECT_EQ(replay("/run/c.pcapng", "--interface " + type + from + " --direction " + direction)
                    .at("read"),
                summary.at("read"));
      // What a replay wrote can be replayed.
      EXPECT_EQ(replay("/run/out.pcapng").at("read").at("packets"), packets);
    }
  }
}

TEST_F(ReplayCaptureTest, WhatHasNotBeenKeptWholeIsLeftOut) {
  exec("--capture /run/c.pcapng --capture-snaplen 60",
       std::string(kPings) + "; ping -n -q -c 2 -i 0.05 -s 20 192.168.13.2 >/dev/null");
  const nlohmann::json summary = replay("/run/c.pcapng");
  EXPECT_EQ(field_of("/run/out.pcapng", "icmp", "frame.len"), "48\n48\n");
  EXPECT_GE(summary.at("cut_packets"), 4);
}

TEST_F(ReplayCaptureTest, SuperPacketsAreReadWhole) {
  exec("--capture /run/c.pcapng",
       "iperf3 -s -1 -D >/dev/null; until ss -Hltn | grep -q :5201; do sleep 0.01; done; "
       "iperf3 -c 192.168.13.2 -n 2M -C cubic >/dev/null");
  const nlohmann::json summary = replay("/run/c.pcapng");
  EXPECT_EQ(summary.at("written").at("packets"), summary.at("read").at("packets"));
  EXPECT_EQ(summary.at("written").at("bytes"), summary.at("read").at("bytes"));
  EXPECT_GT(summary.at("read").at("bytes"), 1'000'000);
}

TEST_F(ReplayCaptureTest, FilesOfTcpdumpAndTsharkAreRead) {
  const auto captured_by = [](const std::string& program) {
    // Both have begun when they have said so.
    return "rm -f /run/messages; " + program +
           " 2>/run/messages & P=$!; "
           "until grep -qi -e listening -e capturing /run/messages; do sleep 0.05; done; "
           "sleep 0.3; " +
           kPings + "; sleep 1; kill -INT $P; wait $P || true";
  };
  // The pings alone, at both interfaces: tshark takes a filter behind -i for that one alone.
  const std::string pings = "\"icmp[icmptype] = icmp-echo or icmp[icmptype] = icmp-echoreply\"";
  for (const std::string type : {"tun", "tap"}) {
    exec("--type " + type,
         captured_by("tcpdump -Z root -U -n -i " + type + "0 -w /run/tcpdump.pcap " + pings));
    EXPECT_EQ(replay("/run/tcpdump.pcap").at("written").at("packets"), 8) << type;
    exec("--type " + type, captured_by("tshark -q -f " + pings + " -i " + type + "0 -i " + type +
                                       "1 -w /run/tshark.pcapng"));
    EXPECT_EQ(replay("/run/tshark.pcapng").at("written").at("packets"), 16) << type;
    EXPECT_EQ(replay("/run/tshark.pcapng", "--interface " + type + "1").at("written").at("packets"),
              8)
        << type;
  }
}

}  // namespace
}  // namespace tunrelay
