// SPDX-License-Identifier: MIT
// Text of any bytes as JSON, on a terminal, and as TOML.
#include <gmock/gmock.h>

#include <string>

#include "base/clean_text.hpp"
#include "base/json_text.hpp"
#include "base/toml_text.hpp"
#include "support/thrown_error.hpp"

namespace tunrelay::test {
namespace {

TEST(JsonTextTest, WritesAnyBytes) {
  const std::string name = "tun\xff\x1b[31m";
  EXPECT_EQ(json_text(nlohmann::json{{"name", name}}), "{\"name\":\"tun\xEF\xBF\xBD\\u001b[31m\"}");
  EXPECT_EQ(json_text(nlohmann::ordered_json{{name, 1}}, 1),
            "{\n \"tun\xEF\xBF\xBD\\u001b[31m\": 1\n}");
}

TEST(CleanTextTest, LinesDriveNoTerminal) {
  EXPECT_EQ(clean_lines("a\x1b[2J\rb\n\tc\xff"), "a\xEF\xBF\xBD[2J b\n\tc\xEF\xBF\xBD");
  EXPECT_EQ(clean_line("a\nb"), "a b");
}

TEST(TomlTextTest, ATablesNameThatNeedsQuotesIsRefusedWithItsLine) {
  for (const char* header : {"[%]", "[=]", "[#]"}) {
    const Error error = thrown_error(
        [&] { return parse_toml(std::string("a = 1\n") + header + "\nb = 1\n", "x.toml"); });
    EXPECT_EQ(error.exit_code(), ExitCode::kUsage) << header;
    EXPECT_THAT(error.what(),
                ::testing::StartsWith("could not read x.toml:2: a table's name begins"));
  }
  EXPECT_EQ(parse_toml("[\"\xd0\xba\"]\na = \"\"\"\n[%]\n\"\"\"", "x.toml").size(), 1U);
}

TEST(TomlTextTest, LettersBeyondAsciiAreForStringsAndComments) {
  for (const char* line : {"[\xd0\xba]", "[[\xc3\xa9]]", " [ \xc3\xa9 ]", "\xd0\xba = 1",
                           "b = 'x' \xc3\xa9", "b = \"\\\"\" \xc3\xa9", "b = '''x''' \xc3\xa9",
                           "b = 11'\xef\xb9\xbf", "b = \xc3\xa9", "b = [1, \xc3\xa9]"}) {
    const std::string before = "a = \"\"\"\n'\"\"\" # \xc3\xa9'\n";
    const Error error = thrown_error([&] { return parse_toml(before + line, "x.toml"); });
    EXPECT_EQ(error.exit_code(), ExitCode::kUsage) << line;
    EXPECT_THAT(error.what(), ::testing::StartsWith("could not read x.toml:3"));
  }
  for (const char* line :
       {"b = \"\xc3\xa9\"", "b = '\xc3\xa9'", "b = '''\n\xc3\xa9'''", "b = \"\\\"\xc3\xa9\"",
        "\"\xc3\xa9\" = 1", "b = 1 # \xc3\xa9", "b = \"\"\"\\\n \xc3\xa9\"\"\""})
    EXPECT_EQ(parse_toml(line, "x.toml").size(), 1U) << line;
}

}  // namespace
}  // namespace tunrelay::test
