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
  for (const char* header : {"[\xd0\xba]", "[[\xc3\xa9]]", " [ \xc3\xa9 ]", "[%]", "[=]", "[#]"}) {
    const Error error = thrown_error(
        [&] { return parse_toml(std::string("a = 1\n") + header + "\nb = 1\n", "x.toml"); });
    EXPECT_EQ(error.exit_code(), ExitCode::kUsage) << header;
    EXPECT_THAT(error.what(),
                ::testing::StartsWith("could not read x.toml:2: a table's name begins"));
  }
  EXPECT_THAT(thrown_error([] { return parse_toml("\xd0\xba = 1", "x.toml"); }).what(),
              ::testing::HasSubstr("x.toml:1:1: "));
  EXPECT_EQ(parse_toml("[\"\xd0\xba\"]\na = \"\"\"\n[%]\n\"\"\"", "x.toml").size(), 1U);
}

}  // namespace
}  // namespace tunrelay::test
