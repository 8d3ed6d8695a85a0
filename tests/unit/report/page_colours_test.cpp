// SPDX-License-Identifier: MIT
// The colours of the page, by the rules of WCAG 2.1: text stands out from what it is written on by
// 4.5 to 1, lines and marks by 3 to 1, in light and in dark.
#include <gmock/gmock.h>

#include <map>
#include <regex>
#include <string>
#include <utility>

#include "report/page_text.hpp"
#include "support/colour.hpp"

namespace tunrelay::test {
namespace {

using Palette = std::map<std::string, Colour>;

/// The colours that a block of the style sheet defines.
Palette palette_of(const std::string& block) {
  static const std::regex kVariable("--([a-z0-9-]+): #([0-9a-f]{6});");
  Palette palette;
  for (std::sregex_iterator at(block.begin(), block.end(), kVariable), end; at != end; ++at) {
    const int number = std::stoi((*at)[2], nullptr, 16);
    palette[(*at)[1]] = {number >> 16, number >> 8 & 0xFF, number & 0xFF};
  }
  return palette;
}

/// {light, dark}.
std::pair<Palette, Palette> palettes() {
  const std::string style(kPageStyle);
  const std::size_t dark = style.find("(prefers-color-scheme: dark)");
  const std::size_t end = style.find("\n}\n", dark);
  return {palette_of(style.substr(0, dark)), palette_of(style.substr(dark, end - dark))};
}

TEST(PageColoursTest, ContrastOfTheRule) {
  EXPECT_NEAR(contrast({0, 0, 0}, {255, 255, 255}), 21, 0.01);
  EXPECT_NEAR(contrast({119, 119, 119}, {255, 255, 255}), 4.48, 0.01);
}

TEST(PageColoursTest, BothSchemesHaveTheSameNames) {
  const auto [light, dark] = palettes();
  ASSERT_EQ(light.size(), dark.size());
  ASSERT_GE(light.size(), 20U);
  for (const auto& [name, colour] : light) EXPECT_TRUE(dark.contains(name)) << name;
}

TEST(PageColoursTest, TextAndMarksStandOut) {
  const auto [light, dark] = palettes();
  for (const Palette& palette : {light, dark}) {
    for (const char* below : {"page", "card"}) {
      for (const char* text :
           {"text", "quiet", "accent", "better", "worse", "same", "inconclusive"})
        EXPECT_GE(contrast(palette.at(text), palette.at(below)), 4.5) << text << " on " << below;
    }
    EXPECT_GE(contrast(palette.at("text"), palette.at("warn-card")), 4.5);
    for (int number = 0; number < 8; ++number)
      EXPECT_GE(contrast(palette.at("c" + std::to_string(number)), palette.at("card")), 3)
          << number;
  }
}

}  // namespace
}  // namespace tunrelay::test
