// SPDX-License-Identifier: MIT
// What a shell makes of the text is the words again.
#include "base/shell_words.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "support/process.hpp"

namespace tunrelay::test {
namespace {

TEST(ShellWordsTest, StandAsTheyWouldBeTyped) {
  const std::vector<std::string> words{"ping", "-c", "3", "192.168.13.2"};
  EXPECT_EQ(shell_words(words), "ping -c 3 192.168.13.2");
  const std::vector<std::string> script{"sh", "-c", "iperf3 -s -1 & echo 'it'"};
  EXPECT_EQ(shell_words(script), R"(sh -c 'iperf3 -s -1 & echo '\''it'\''')");
  EXPECT_EQ(shell_words({}), "");
}

TEST(ShellWordsTest, AreReadAsTheyWere) {
  const std::vector<std::string> words{"",      "a b",  "$HOME", "`id`", "\"", "'",
                                       "''x'",  "*",    "~",     "\\\n", "#",  "a;b",
                                       "a=b c", "\xff", "-n",    "{a,b}"};
  std::string expected;
  for (const std::string& word : words) expected += "<" + word + ">";
  EXPECT_EQ(run_shell("printf '<%s>' " + shell_words(words)).standard_output, expected);
}

}  // namespace
}  // namespace tunrelay::test
