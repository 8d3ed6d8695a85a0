// SPDX-License-Identifier: MIT
#include "report/page_frame.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/json_text.hpp"
#include "report/escape.hpp"
#include "report/page_text.hpp"

namespace tunrelay {
namespace {

/// The page may run its own script and style and reach nothing else, whatever is in its data.
constexpr const char* kPolicy =
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:";

}  // namespace

std::string page_head(const std::string& kicker, const std::string& title, const PageFacts& facts) {
  std::string items;
  for (const auto& [name, value] : facts)
    if (!value.empty())
      items += fmt::format("<li>{} <b>{}</b></li>", escape_markup(name), escape_markup(value));
  return fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"{}\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<meta name=\"color-scheme\" content=\"light dark\">\n"
      "<title>{} - tunrelay</title>\n<link rel=\"icon\" href=\"data:,\">\n<style>\n{}</style>\n"
      "</head>\n<body>\n<header>\n<div class=\"kicker\">tunrelay {}</div>\n<h1>{}</h1>\n"
      "<ul class=\"facts\">{}</ul>\n",
      kPolicy, escape_markup(title), kPageStyle, escape_markup(kicker), escape_markup(title),
      items);
}

std::string page_end(const nlohmann::ordered_json& data) {
  const std::string json = json_text(data);
  return fmt::format(
      "<footer>Made by tunrelay. This page needs no network.</footer>\n"
      "<script type=\"application/json\" id=\"data\">{}</script>\n"
      "<script>\n\"use strict\";\n(() => {{\n{}}})();\n</script>\n</body>\n</html>\n",
      escape_script_json(json), kPageScript);
}

std::string large_figure(const std::string& figure) {
  const std::size_t blank = std::min(figure.find(' '), figure.size());
  return fmt::format("{}<small>{}</small>", escape_markup(figure.substr(0, blank)),
                     escape_markup(figure.substr(blank)));
}

std::string charts_with_text(const std::string& text, const std::string& key,
                             const std::string& css_class, nlohmann::ordered_json charts,
                             nlohmann::ordered_json& data) {
  data[key] = std::move(charts);
  return fmt::format("<p class=\"quiet\">{}</p>\n<div class=\"{}\" data-charts=\"{}\"></div>\n",
                     text, css_class, key);
}

std::string chart_section(const std::string& title, const std::string& text, const std::string& key,
                          const std::string& css_class, nlohmann::ordered_json charts,
                          nlohmann::ordered_json& data) {
  if (charts.empty()) return {};
  return fmt::format("<section><h2>{}</h2>\n{}</section>\n", escape_markup(title),
                     charts_with_text(text, key, css_class, std::move(charts), data));
}

}  // namespace tunrelay
