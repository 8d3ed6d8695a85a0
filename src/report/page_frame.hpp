// SPDX-License-Identifier: MIT
// What all pages have around what they say: the head with style and facts, the end with data and
// script. Pure functions, for any thread.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

namespace tunrelay {

/// Facts without a value are left out.
using PageFacts = std::vector<std::pair<std::string, std::string>>;

/// Up to the facts below the title; the <header> is still open. All texts are escaped here.
[[nodiscard]] std::string page_head(const std::string& kicker, const std::string& title,
                                    const PageFacts& facts);
/// From behind <main> on. DATA: what the page's script draws, by the keys of `data-charts`.
[[nodiscard]] std::string page_end(const nlohmann::ordered_json& data);

/// "27.10 Gbit/s" with the unit smaller than the number.
[[nodiscard]] std::string large_figure(const std::string& figure);

/// TEXT and a place for charts, whose data go to DATA under KEY.
[[nodiscard]] std::string charts_with_text(const std::string& text, const std::string& key,
                                           const std::string& css_class,
                                           nlohmann::ordered_json charts,
                                           nlohmann::ordered_json& data);
/// A section for charts, whose data go to DATA under KEY; nothing when there are none.
[[nodiscard]] std::string chart_section(const std::string& title, const std::string& text,
                                        const std::string& key, const std::string& css_class,
                                        nlohmann::ordered_json charts,
                                        nlohmann::ordered_json& data);

inline constexpr const char* kNoScript =
    "<noscript><p class=\"warning\">Charts are drawn by a script, which is switched off here. The "
    "tables say the same.</p></noscript>\n";

}  // namespace tunrelay
