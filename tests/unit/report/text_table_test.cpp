// SPDX-License-Identifier: MIT
// Tables in the forms that reports have.
#include "report/text_table.hpp"

#include <gmock/gmock.h>

namespace tunrelay::test {
namespace {

TextTable sample_table() {
  TextTable table{.columns = {{"name"}, {"value", true}, {"why"}}, .rows = {}};
  table.add({"a", "1,000", ""});
  table.add({"\xC3\xA9|\x1b[31m", "2", "<b>"});
  return table;
}

TEST(TextTableTest, ColumnsOfATerminalStandBelowEachOther) {
  EXPECT_EQ(as_terminal(sample_table()),
            "name     value  why\n"
            "a        1,000\n"
            "\xC3\xA9|\xEF\xBF\xBD[31m      2  <b>\n");
}

TEST(TextTableTest, Markdown) {
  EXPECT_EQ(as_markdown(sample_table()),
            "| name | value | why |\n"
            "| --- | ---: | --- |\n"
            "| a | 1,000 |  |\n"
            "| \xC3\xA9\\|\xEF\xBF\xBD\\[31m | 2 | &lt;b\\> |\n");
}

TEST(TextTableTest, Html) {
  EXPECT_EQ(as_html(sample_table()),
            "<div class=\"table\"><table>\n"
            "<thead><tr><th scope=\"col\">name</th><th scope=\"col\" class=\"number\">value</th>"
            "<th scope=\"col\">why</th></tr></thead>\n<tbody>\n"
            "<tr><td>a</td><td class=\"number\">1,000</td><td></td></tr>\n"
            "<tr><td>\xC3\xA9|\xEF\xBF\xBD[31m</td><td class=\"number\">2</td>"
            "<td>&lt;b&gt;</td></tr>\n"
            "</tbody>\n</table></div>\n");
}

}  // namespace
}  // namespace tunrelay::test
