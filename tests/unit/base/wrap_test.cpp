// SPDX-License-Identifier: MIT
// Text in lines that fit: where they are broken, what stays whole.
#include "base/wrap.hpp"

#include <gtest/gtest.h>

#include <sstream>
#include <string>

namespace tunrelay {
namespace {

TEST(WrapTest, BreaksAtBlanksAndIndentsWhatFollows) {
  EXPECT_EQ(wrap_lines("one two three four\nfive\n", 10), "one two\n  three\n  four\nfive\n");
  EXPECT_EQ(wrap_lines("one two three", 13), "one two three");
  EXPECT_EQ(wrap_lines("    a note of some words", 17), "    a note of\n      some words");
  EXPECT_EQ(wrap_lines("", 10), "");
  EXPECT_EQ(wrap_lines("one two three four", 0), "one two three four");
}

TEST(WrapTest, WhatFollowsStandsBelowTheLastColumn) {
  EXPECT_EQ(wrap_lines("  path  proven by all of them", 20),
            "  path  proven by\n        all of them");
  EXPECT_EQ(wrap_lines("ready  tun0 and tun1, 2 queues", 21),
            "ready  tun0 and tun1,\n       2 queues");
  EXPECT_EQ(wrap_lines("good  merging  tcp and udp", 20), "good  merging  tcp\n      and udp")
      << "the third begins in the right half";
  EXPECT_EQ(wrap_lines("ok  udp  sent by this kernel", 22),
            "ok  udp  sent by this\n         kernel");
  EXPECT_EQ(wrap_lines("a first column so long  and more words here", 24),
            "a first column so long\n  and more words here")
      << "there is no room below the second";
  EXPECT_EQ(wrap_lines("      help of a flag", 16), "      help of a\n      flag")
      << "it stands in the second already";
}

TEST(WrapTest, AWordThatIsTooLongStandsAlone) {
  EXPECT_EQ(wrap_lines("see /a/very/long/path/of/it for more", 12),
            "see\n  /a/very/long/path/of/it\n  for more");
  EXPECT_EQ(wrap_lines("/a/very/long/path", 5), "/a/very/long/path");
}

TEST(WrapTest, APlaceInTheUsersTextIsNotMoved) {
  const std::string text = "    delay 20ms, dely 3ms\n                ^^^^\n";
  EXPECT_EQ(wrap_lines(text, 10), text);
}

TEST(WrapTest, CountsCharactersNotBytes) {
  EXPECT_EQ(wrap_lines("\xc3\xa4\xc3\xa4\xc3\xa4 \xc3\xb6\xc3\xb6\xc3\xb6", 7),
            "\xc3\xa4\xc3\xa4\xc3\xa4 \xc3\xb6\xc3\xb6\xc3\xb6");
}

TEST(WrapTest, WidthIsInCharacters) {
  EXPECT_EQ(width_of(""), 0U);
  EXPECT_EQ(width_of("abc"), 3U);
  EXPECT_EQ(width_of("\xC3\xA9\xE2\x82\xAC"), 2U);
}

TEST(WrapTest, NothingIsLostAndEveryLineFits) {
  std::string text = "  key       ";
  for (std::size_t word = 0; word < 500; ++word) text += std::string(word % 9 + 1, 'x') + " ";
  for (std::size_t columns = 30; columns < 100; ++columns) {
    const std::string wrapped = wrap_lines(text, columns);
    std::istringstream lines(wrapped);
    for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), columns);
    std::istringstream before(text);
    std::istringstream after(wrapped);
    std::string expected;
    std::string word;
    while (before >> expected) {
      ASSERT_TRUE(after >> word);
      EXPECT_EQ(word, expected);
    }
  }
}

}  // namespace
}  // namespace tunrelay
