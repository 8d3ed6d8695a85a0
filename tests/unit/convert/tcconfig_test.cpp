// SPDX-License-Identifier: MIT
// What tcshow prints, as tcconfig's documentation has it, and which form a text is taken for.
#include "convert/tcconfig.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "conversion_fixture.hpp"
#include "support/thrown_error.hpp"

namespace tunrelay::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Conversion tcconfig(const std::string& text) {
  return convert_tcconfig(text, "tcconfig.json");
}

TEST(TcconfigTest, ReadsWhatItsDocumentationShows) {
  const Conversion read = tcconfig(R"({
    "eth1": {"outgoing": {}, "incoming": {}},
    "eth0": {
      "outgoing": {
        "dst-network=192.168.0.10/32, dst-port=8080, protocol=ip": {
          "filter_id": "800::800", "delay": "10.0ms", "delay-distro": "2.0ms",
          "loss": "0.01%", "rate": "250Kbps"}},
      "incoming": {
        "protocol=ip": {
          "filter_id": "800::800", "delay": "1.0ms", "loss": "0.02%", "rate": "500Kbps"}}}})");
  EXPECT_EQ(a_to_b(read),
            "loss 0.01% if \"dst net 192.168.0.10/32 and dst port 8080\", "
            "delay 10ms 2ms normal if \"dst net 192.168.0.10/32 and dst port 8080\", "
            "rate 250kbit if \"dst net 192.168.0.10/32 and dst port 8080\"");
  EXPECT_EQ(b_to_a(read), "loss 0.02%, delay 1ms, rate 500kbit");
  EXPECT_THAT(left_out(read), IsEmpty());
  EXPECT_EQ(through_file(read), read.link());
}

TEST(TcconfigTest, ReadsThatOfFormerVersions) {
  const Conversion read = tcconfig(R"({"eth0": {
      "outgoing": {
        "network=192.168.0.10/32, port=8080": {
          "delay": "10.0", "loss": "0.01", "rate": "250K", "delay-distro": "2.0"},
        "network=0.0.0.0/0": {}},
      "incoming": {"network=0.0.0.0/0": {"delay": "1.0", "loss": "0.02", "rate": "500K"}}}})");
  EXPECT_EQ(a_to_b(read).find("loss 0.01% if \"dst net 192.168.0.10/32 and dst port 8080\""), 0U);
  EXPECT_EQ(b_to_a(read), "loss 0.02%, delay 1ms, rate 500kbit");
}

TEST(TcconfigTest, SaysWhatItLeavesOutAndWhere) {
  const Conversion read = tcconfig(R"({
    "eth0": {"outgoing": {"protocol=arp": {"delay": "soon", "reordering": "1%", "jumps": "3"}}},
    "eth1": {"outgoing": {"protocol=ip": {"loss": "1%"}}}})");
  EXPECT_EQ(a_to_b(read), "");
  EXPECT_THAT(left_out(read),
              ElementsAre(HasSubstr("tcconfig.json: eth0/outgoing/protocol=arp: protocol=arp"),
                          HasSubstr("delay soon"), HasSubstr("jumps 3"),
                          HasSubstr("reordering: it stands without a delay"),
                          HasSubstr("eth1: it is another interface")));
}

TEST(TcconfigTest, RefusesWhatIsNone) {
  for (const char* text : {"", "{", "[]", "{\"a\": 1}", "{\"a\": {\"b\": {}}}"})
    EXPECT_EQ(thrown_error([&] { return tcconfig(text); }).exit_code(), ExitCode::kUsage) << text;
}

TEST(DetectFormTest, KnowsEachByItsLook) {
  const auto form_of = [](const char* text) { return std::string(detect_form(text, "x").name); };
  EXPECT_EQ(form_of("exec sudo mm-delay 3 ls"), "mahimahi");
  EXPECT_EQ(form_of("#!/bin/sh\nset -e\ntc qdisc add dev eth0 root netem loss 1%\n"), "tc");
  EXPECT_EQ(form_of("qdisc netem 8001: dev eth0 root delay 1ms"), "tc");
  EXPECT_EQ(form_of("\n {\"eth0\": {}}"), "tcconfig");
  EXPECT_EQ(form_of("[general]\n[cells.a]\n"), "rattan");
  EXPECT_THAT(thrown_error([] { return detect_form("hello", "x.txt").name; }).what(),
              HasSubstr("x.txt"));
}

TEST(LinkFileTextTest, HasWhatWasLeftOutAsComments) {
  Conversion conversion("a\nb");
  conversion.add(0, "delay 1ms", "a:1:1", "x");
  conversion.add(1, "loss 200%", "a:2:1", "y\n[z]");
  conversion.add(0, "trace \xff", "a:3:1", "w");
  EXPECT_EQ(conversion.left_out().size(), 2U);
  const std::string text = link_file_text(conversion, "tc");
  EXPECT_THAT(text, HasSubstr("a-to-b = [\"delay 1ms\"]\n"));
  EXPECT_EQ(parse_link(text, "t.toml").description, conversion.link()) << text;
}

}  // namespace
}  // namespace tunrelay::test
