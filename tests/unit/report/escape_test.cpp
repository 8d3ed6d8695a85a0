// SPDX-License-Identifier: MIT
// Text from elsewhere made harmless: UTF-8 over every sequence of two bytes and around its edges,
// and each form's escapes undone again by an independent reader.
#include "report/escape.hpp"

#include <gmock/gmock.h>

#include <cstring>
#include <string>
#include <utility>

#include <nlohmann/json.hpp>

#include "support/sample_results.hpp"

namespace tunrelay::test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

const std::string kMark = "\xEF\xBF\xBD";

/// Whether another library takes TEXT for UTF-8: it refuses to write what is none.
bool is_utf8(const std::string& text) {
  try {
    static_cast<void>(nlohmann::json(text).dump());
    return true;
  } catch (const nlohmann::json::exception&) {
    return false;
  }
}

bool is_control(int byte) {
  return (byte < 0x20 && byte != '\n' && byte != '\t' && byte != '\r') || byte == 0x7F;
}

/// Undoes the entities that escape_markup() writes.
std::string unescaped(std::string text) {
  static const std::pair<const char*, const char*> kEntities[] = {
      {"&lt;", "<"},   {"&gt;", ">"},   {"&quot;", "\""}, {"&#39;", "'"},
      {"&#10;", "\n"}, {"&#13;", "\r"}, {"&#9;", "\t"},   {"&amp;", "&"}};
  for (const auto& [entity, character] : kEntities)
    for (std::size_t at = 0; (at = text.find(entity, at)) != std::string::npos; ++at)
      text.replace(at, std::strlen(entity), character);
  return text;
}

TEST(EscapeTest, KeepsUtf8AndReplacesAllElse) {
  for (int first = 0; first < 256; ++first)
    for (int second = 0; second < 256; ++second) {
      const std::string two{static_cast<char>(first), static_cast<char>(second)};
      const std::string clean = clean_text(two);
      ASSERT_TRUE(is_utf8(clean)) << first << " " << second;
      // What was well-formed and holds no control character stays as it is.
      const bool control =
          is_control(first) || is_control(second) || (first == 0xC2 && second < 0xA0);
      ASSERT_EQ(clean == two, is_utf8(two) && !control) << first << " " << second;
    }
}

TEST(EscapeTest, EdgesOfUtf8) {
  for (const char* good : {"\xED\x9F\xBF", "\xEE\x80\x80", "\xF0\x90\x80\x80", "\xF4\x8F\xBF\xBF",
                           "\xE0\xA0\x80", "\xC2\xA0", "a\n\t\r"})
    EXPECT_EQ(clean_text(good), good);
  EXPECT_EQ(clean_text("\xC0\x80"), kMark + kMark) << "overlong";
  EXPECT_EQ(clean_text("\xE0\x9F\xBF"), kMark + kMark + kMark) << "overlong";
  EXPECT_EQ(clean_text("\xED\xA0\x80"), kMark + kMark + kMark) << "a surrogate";
  EXPECT_EQ(clean_text("\xF4\x90\x80\x80"), kMark + kMark + kMark + kMark) << "beyond the last";
  EXPECT_EQ(clean_text("\xE2\x82"), kMark + kMark) << "cut off";
  EXPECT_EQ(clean_text("\xEF\xBF\xBF"), kMark) << "XML can't hold it";
  EXPECT_EQ(clean_text("\x1b[2J\x7f\xC2\x9B"), kMark + "[2J" + kMark + kMark);
  EXPECT_EQ(clean_line("a\r\nb\tc"), "a  b c");
}

TEST(EscapeTest, MarkupHoldsNothingThatEndsIt) {
  SeededRandom random;
  for (std::size_t round = scaled(1000); round != 0; --round) {
    const std::string text = nasty_text(random);
    const std::string escaped = escape_markup(text);
    ASSERT_EQ(escaped.find_first_of("<>\"'\n\r\t"), std::string::npos) << escaped;
    ASSERT_EQ(unescaped(escaped), clean_text(text));
  }
}

TEST(EscapeTest, MarkdownKeepsWordsReadable) {
  EXPECT_EQ(escape_markdown("tcp_1_flow/throughput"), "tcp_1_flow/throughput");
  EXPECT_EQ(escape_markdown("_a_ *b* `c` |d| [e] <f> #g ~h~ \\ &amp;"),
            "\\_a\\_ \\*b\\* \\`c\\` \\|d\\| \\[e\\] &lt;f\\> \\#g \\~h\\~ \\\\ &amp;amp;");
  EXPECT_EQ(escape_markdown("two\nlines"), "two lines");
}

TEST(EscapeTest, CsvFields) {
  EXPECT_EQ(escape_csv("plain words"), "plain words");
  EXPECT_EQ(escape_csv("a,b"), "\"a,b\"");
  EXPECT_EQ(escape_csv("say \"x\""), "\"say \"\"x\"\"\"");
  EXPECT_EQ(escape_csv("a\nb"), "a b");
}

TEST(EscapeTest, LabelsOfPrometheus) {
  EXPECT_EQ(escape_label("a\\b\"c\nd"), "a\\\\b\\\"c\\nd");
}

TEST(EscapeTest, JsonInAScriptIsTheSameJson) {
  SeededRandom random;
  for (std::size_t round = scaled(300); round != 0; --round) {
    const nlohmann::json value{clean_text(nasty_text(random)), "</script><!--", 1 < 2};
    const std::string escaped = escape_script_json(value.dump());
    ASSERT_THAT(escaped, Not(HasSubstr("<")));
    ASSERT_EQ(nlohmann::json::parse(escaped), value);
  }
}

}  // namespace
}  // namespace tunrelay::test
