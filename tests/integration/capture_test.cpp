// SPDX-License-Identifier: MIT
// `--capture`: what tshark, capinfos and a plain reader find in the files, and what happens when
// they can't be written.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "support/naive_pcapng.hpp"
#include "support/private_network.hpp"
#include "support/process.hpp"
#include "support/program.hpp"
#include "support/running_tunnel.hpp"
#include "support/temporary_folder.hpp"

namespace tunrelay {
namespace {

using test::content_of;
using test::output_of;
using test::PcapngBlockRead;
using test::run;
using test::split;
using ::testing::HasSubstr;

constexpr const char* kFile = "/run/c.pcapng";
constexpr std::uint32_t kInbound = 1;
constexpr std::uint32_t kOutbound = 2;
constexpr std::uint16_t kCommentOption = 1;
constexpr std::uint16_t kFlagsOption = 2;
constexpr std::uint16_t kIdOption = 5;

class CaptureTest : public test::PrivateNetwork {};

std::vector<PcapngBlockRead> packets_in(const std::string& file) {
  std::vector<PcapngBlockRead> packets = test::read_pcapng(content_of(file));
  std::erase_if(packets, [](const auto& block) { return block.type != test::kPacketType; });
  return packets;
}

std::uint32_t direction_of(const PcapngBlockRead& packet) {
  return packet.option<std::uint32_t>(kFlagsOption) & 3;
}

/// tshark's lines for FILE, tab-separated fields.
std::string fields(const std::string& file, const std::string& options) {
  return output_of(split("tshark -r " + file + " -T fields " + options));
}

std::size_t lines_in(const std::string& text) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

/// Every packet that came in has left or was dropped under its id, on the other device, later.
void expect_joined(const std::string& file) {
  std::map<std::uint64_t, const PcapngBlockRead*> came;
  const auto packets = packets_in(file);
  std::size_t gone = 0;
  for (const PcapngBlockRead& packet : packets) {
    const auto id = packet.option<std::uint64_t>(kIdOption);
    if (direction_of(packet) == kInbound) {
      EXPECT_TRUE(came.emplace(id, &packet).second) << "id " << id << " came twice";
      continue;
    }
    ++gone;
    ASSERT_EQ(direction_of(packet), kOutbound);
    ASSERT_TRUE(came.contains(id)) << "id " << id << " has not come";
    const PcapngBlockRead& other = *came.at(id);
    EXPECT_EQ(other.data, packet.data);
    EXPECT_NE(other.field<std::uint32_t>(0), packet.field<std::uint32_t>(0));
    EXPECT_LE(other.halves(4), packet.halves(4));
  }
  EXPECT_EQ(gone, came.size());
}

TEST_F(CaptureTest, BothSidesOfTheRelayAreJoinedById) {
  for (const char* flags : {"", "--queues 2 --type tap"}) {
    test::RunningTunnel tunnel(std::string("--capture /run/c.pcapng ") + flags);
    ASSERT_TRUE(run(split("ping -n -c 5 -i 0.01 -W 1 192.168.13.2")).succeeded());
    ASSERT_TRUE(run(split("ping -n -c 5 -i 0.01 -W 1 fd13::1")).succeeded());
    const nlohmann::json summary = tunnel.finish();
    expect_joined(kFile);
    const auto packets = packets_in(kFile);
    EXPECT_EQ(summary.at("capture").at("packets"), packets.size());
    EXPECT_EQ(summary.at("capture").at("lost_packets"), 0);
    EXPECT_EQ(summary.at("capture").at("bytes"), std::filesystem::file_size(kFile));
    EXPECT_GE(packets.size(), 40U);
    const std::string pings = fields(kFile, "-Y icmp.type==8 -e frame.interface_name");
    EXPECT_EQ(lines_in(pings), 10U) << pings;
    // libpcap 1.10 refuses every file with two interfaces of raw IP packets.
    if (std::string(flags).find("tap") == std::string::npos) continue;
    EXPECT_EQ(lines_in(output_of(split("tcpdump -n -r /run/c.pcapng"))), packets.size());
  }
}

TEST_F(CaptureTest, WiresharksToolsTakeItWithoutComplaint) {
  test::RunningTunnel tunnel("--capture /run/c.pcapng --queues 2");
  test::output_of(split("ip link set tun1 mtu 1400"));
  ASSERT_TRUE(tunnel.wait_for_event("note", "MTUs differ", std::chrono::seconds(5)));
  run(split("ping -n -c 1 -W 1 -s 1450 -I tun0 192.168.13.2"));
  ASSERT_TRUE(run(split("ping -n -c 3 -i 0.01 -W 1 192.168.13.2")).succeeded());
  tunnel.finish();
  const test::ProcessResult information = run(split("capinfos /run/c.pcapng"));
  EXPECT_TRUE(information.succeeded()) << information.describe();
  for (const char* line :
       {"File type:           Wireshark/... - pcapng", "Name = tun0", "Name = tun1",
        "Capture application: tunrelay ", "Raw IP", "nanoseconds (9)", "Strict time order:   True",
        "Number of stat entries = 1"})
    EXPECT_THAT(information.standard_output, HasSubstr(line));
  EXPECT_EQ(
      fields(kFile, "-Y frame.comment&&icmp -e frame.interface_name -e frame.len -e frame.comment"),
      "tun1\t1478\tdropped by tunrelay: over_mtu\n");
}

TEST_F(CaptureTest, PathProbesAreNamed) {
  for (const char* flags : {"", " --capture-snaplen 64 --type tap"}) {
    // The path is checked once more when the command has ended.
    const std::string file = std::string("--capture ") + kFile + flags;
    ASSERT_TRUE(
        run(split(test::program() + " exec -q " + file + " -- ping -n -q -c 1 -W 1 192.168.13.2"))
            .succeeded());
    const std::string probes = fields(kFile, "-Y udp.length==40 -e frame.comment");
    EXPECT_GE(lines_in(probes), 8U) << "each way of both families, in and out";
    EXPECT_EQ(probes, fields(kFile, "-Y frame.comment -e frame.comment"));
    std::string expected;
    while (expected.size() < probes.size()) expected += "tunrelay path probe\n";
    EXPECT_EQ(probes, expected);
  }
}

TEST_F(CaptureTest, WireSegmentsAreWhatAWireWouldHave) {
  const std::string script =
      "iperf3 -s -1 -D >/dev/null; until ss -Hltn | grep -q :5201; do sleep 0.01; done; "
      "iperf3 -c 192.168.13.2 -n 3M -C cubic >/dev/null";
  for (const char* segments : {"whole", "wire"}) {
    ASSERT_TRUE(run({test::program(), "exec", "-q", "--capture", kFile, "--capture-segments",
                     segments, "--", "sh", "-c", script})
                    .succeeded());
    expect_joined(kFile);
    const bool wire = segments == std::string("wire");
    std::uint32_t longest = 0;
    for (const PcapngBlockRead& packet : packets_in(kFile))
      longest = std::max(longest, packet.field<std::uint32_t>(16));
    if (wire) {
      EXPECT_EQ(longest, 1500U);
      EXPECT_EQ(fields(kFile,
                       "-o tcp.check_checksum:TRUE -o ip.check_checksum:TRUE -o "
                       "udp.check_checksum:TRUE -Y "
                       "tcp.checksum.status!=1||ip.checksum.status!=1||udp.checksum.status!=1 "
                       "-e frame.number"),
                "");
    } else {
      EXPECT_GT(longest, 1500U) << "super-packets stay whole";
    }
  }
}

TEST_F(CaptureTest, KeepsWhatWasRequested) {
  test::RunningTunnel tunnel("--capture /run/c.pcapng --capture-filter icmp6 --capture-snaplen 60");
  ASSERT_TRUE(run(split("ping -n -c 2 -i 0.01 -W 1 192.168.13.2")).succeeded());
  ASSERT_TRUE(run(split("ping -n -c 2 -i 0.01 -W 1 -s 500 fd13::2")).succeeded());
  const nlohmann::json summary = tunnel.finish();
  const auto packets = packets_in(kFile);
  EXPECT_GE(packets.size(), 8U);
  for (const PcapngBlockRead& packet : packets) {
    EXPECT_LE(packet.data.size(), 60U);
    EXPECT_EQ(packet.data.at(0) & 0xf0, 0x60);
  }
  EXPECT_EQ(packets.front().field<std::uint32_t>(16), 548U) << "the length on the link is there";
  EXPECT_GE(summary.at("capture").at("filtered_packets"), 8);
}

TEST_F(CaptureTest, IsALivePipe) {
  const test::ProcessResult result = test::run_shell(
      test::program() +
      " exec --capture - -- ping -n -c 2 -i 0.1 -W 1 192.168.13.2 2>/run/messages | "
      "tshark -l -r - -Y icmp.type==8");
  EXPECT_TRUE(result.succeeded()) << result.describe();
  EXPECT_EQ(lines_in(result.standard_output), 4U) << result.describe();
  EXPECT_THAT(content_of("/run/messages"), HasSubstr("2 packets transmitted"));
  // A packet is there soon after it came, while the tunnel runs.
  ASSERT_EQ(::mkfifo("/run/pipe", 0600), 0);
  test::BackgroundProcess reader(split("tshark -l -n -r /run/pipe -Y icmp.type==8"));
  test::RunningTunnel tunnel("--capture /run/pipe");
  ASSERT_TRUE(run(split("ping -n -c 1 -W 1 192.168.13.2")).succeeded());
  EXPECT_TRUE(test::eventually(std::chrono::seconds(10), [&] {
    return lines_in(reader.standard_output()) == 2;
  })) << reader.standard_output();
  // A reader that has gone ends the capture, not the tunnel.
  reader.send_signal(SIGKILL);
  (void)reader.wait();
  ASSERT_TRUE(run(split("ping -n -c 1 -W 1 192.168.13.2")).succeeded());
  EXPECT_TRUE(tunnel.wait_for_event("note", "(EPIPE)", std::chrono::seconds(5)));
  EXPECT_TRUE(run(split("ping -n -c 1 -W 1 192.168.13.2")).succeeded());
}

TEST_F(CaptureTest, AFullDiskEndsTheCaptureAndNothingElse) {
  ASSERT_EQ(::mkdir("/run/small", 0700), 0);
  ASSERT_EQ(::mount("small", "/run/small", "tmpfs", 0, "size=256k"), 0);
  test::RunningTunnel tunnel("--capture /run/small/c.pcapng");
  ASSERT_TRUE(run(split("ping -n -q -c 300 -i 0.002 -W 1 -s 1400 192.168.13.2")).succeeded());
  EXPECT_TRUE(
      tunnel.wait_for_event("note", "No space left on device (ENOSPC)", std::chrono::seconds(5)));
  ASSERT_TRUE(run(split("ping -n -q -c 3 -i 0.01 -W 1 192.168.13.2")).succeeded());
  const nlohmann::json summary = tunnel.finish();
  const auto blocks = test::read_pcapng(content_of("/run/small/c.pcapng"));
  const auto packets = packets_in("/run/small/c.pcapng");
  EXPECT_GT(packets.size(), 100U);
  EXPECT_EQ(blocks.back().type, test::kStatisticsType) << "the counts had room";
  EXPECT_EQ(summary.at("capture").at("packets"), packets.size());
  EXPECT_THAT(summary.at("capture").at("failure").get<std::string>(), HasSubstr("ENOSPC"));
  EXPECT_TRUE(run(split("capinfos /run/small/c.pcapng")).succeeded());
}

TEST_F(CaptureTest, RotatesIntoWholeFiles) {
  constexpr std::uintmax_t kLimit = 20'000;
  ASSERT_EQ(::mkdir("/run/files", 0700), 0);
  test::RunningTunnel tunnel(
      "--capture /run/files/c.pcapng --capture-rotate-size 20000 --capture-files 3");
  ASSERT_TRUE(run(split("ping -n -q -c 40 -i 0.002 -W 1 -s 1000 192.168.13.2")).succeeded());
  const nlohmann::json summary = tunnel.finish();
  const std::size_t files = summary.at("capture").at("files");
  EXPECT_GE(files, 8U);
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator("/run/files"))
    names.push_back(entry.path());
  EXPECT_EQ(names.size(), 3U);
  std::sort(names.begin(), names.end());
  EXPECT_EQ(names.back(), summary.at("capture").at("file").get<std::string>());
  std::uint64_t last_ns = 0;
  for (const std::string& name : names) {
    EXPECT_LE(std::filesystem::file_size(name), kLimit);
    EXPECT_TRUE(run(split("capinfos " + name)).succeeded());
    EXPECT_EQ(test::read_pcapng(content_of(name)).back().type, test::kStatisticsType);
    for (const PcapngBlockRead& packet : packets_in(name)) {
      EXPECT_GE(packet.halves(4), last_ns);
      last_ns = packet.halves(4);
    }
  }
}

TEST_F(CaptureTest, RotatesByTime) {
  ASSERT_EQ(::mkdir("/run/files", 0700), 0);
  test::RunningTunnel tunnel("--capture /run/files/c --capture-rotate-time 200ms");
  ASSERT_TRUE(run(split("ping -n -q -c 10 -i 0.1 -W 1 192.168.13.2")).succeeded());
  const nlohmann::json summary = tunnel.finish();
  EXPECT_GE(summary.at("capture").at("files"), 3);
  std::size_t packets = 0;
  for (const auto& entry : std::filesystem::directory_iterator("/run/files"))
    packets += packets_in(entry.path()).size();
  EXPECT_EQ(summary.at("capture").at("packets"), packets);
}

TEST_F(CaptureTest, RefusesWhatCanNotBe) {
  const auto refused = [](const char* flags, int exit_code, const char* message) {
    test::Command command{test::program(), "exec"};
    for (const std::string& word : split(flags)) command.push_back(word);
    for (const char* word : {"--", "true"}) command.emplace_back(word);
    const test::ProcessResult result = run(command);
    EXPECT_EQ(result.exit_code, exit_code) << result.describe();
    EXPECT_THAT(result.standard_error, HasSubstr(message));
  };
  refused("--capture /run/c --capture-filter udp-port-53", 2, "udp-port-53");
  refused("--capture /run/c --capture-files 3", 2, "--capture-rotate-size");
  refused("--capture - --capture-rotate-time 1s", 2, "standard output");
  refused("--capture /run/c --capture-snaplen 0", 2, "0 bytes");
  refused("--capture /run/c --capture-buffer 1K", 2, "1M to 2G");
  refused("--capture /run/none/c", 3, "/run/none/c: No such file or directory (ENOENT)");
}

}  // namespace
}  // namespace tunrelay
