// SPDX-License-Identifier: MIT
#include "link/token.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.hpp"

namespace tunrelay {
namespace {

// As much of a long text as fits a line of a terminal.
constexpr std::size_t kShownBefore = 50;
constexpr std::size_t kShownBehind = 25;

bool is_blank(char character) {
  return character == ' ' || character == '\t' || character == '\n' || character == '\r';
}
bool is_control(char character) {
  return static_cast<unsigned char>(character) < 0x20 || character == 0x7f;
}
/// A byte within a UTF-8 character takes no place of its own on the screen.
bool is_continuation(char character) {
  return (static_cast<unsigned char>(character) & 0xc0U) == 0x80;
}
bool ends_token(char character) {
  return is_blank(character) || character == ',' || character == '"';
}

Token take_quoted(const LinkText& text, std::size_t begin) {
  Token token{.text = {}, .begin = begin, .end = begin + 1, .is_quoted = true};
  for (; token.end < text.text.size() && text.text[token.end] != '"'; ++token.end) {
    if (text.text[token.end] == '\\' && token.end + 1 < text.text.size()) ++token.end;
    token.text += text.text[token.end];
  }
  if (token.end >= text.text.size())
    refuse_text(text, begin, begin + 1, "these quotes do not end", "close them with \"");
  ++token.end;
  return token;
}

}  // namespace

void refuse_text(const LinkText& text, std::size_t begin, std::size_t end, const std::string& why,
                 const std::string& allowed) {
  std::size_t from = begin > kShownBefore ? begin - kShownBefore : 0;
  while (from < begin && is_continuation(text.text[from])) ++from;
  const std::size_t to = std::min(text.text.size(), std::max(end, begin) + kShownBehind);
  std::string shown(text.text.substr(from, to - from));
  std::replace_if(shown.begin(), shown.end(), is_control, ' ');
  const auto width = [&](std::size_t first, std::size_t last) {
    std::size_t places = 0;
    for (std::size_t at = first; at < std::min(last, text.text.size()); ++at)
      places += is_continuation(text.text[at]) ? 0U : 1U;
    return places;
  };
  const std::string indent = from == 0 ? "    " : "    ...";
  const std::string marks(std::max<std::size_t>(width(begin, end), 1), '^');
  throw_usage_error("read", std::string(text.name),
                    fmt::format("{}\n{}{}\n{}{}", why, indent, shown,
                                std::string(indent.size() + width(from, begin), ' '), marks),
                    allowed);
}

std::vector<Token> split_tokens(const LinkText& text) {
  std::vector<Token> tokens;
  for (std::size_t at = 0; at < text.text.size();) {
    const char character = text.text[at];
    if (is_blank(character)) {
      ++at;
      continue;
    }
    if (is_control(character)) refuse_text(text, at, at + 1, "a control character stands here", "");
    Token token{.text = ",", .begin = at, .end = at + 1, .is_comma = true};
    if (character == '"') {
      token = take_quoted(text, at);
    } else if (character != ',') {
      token.is_comma = false;
      while (token.end < text.text.size() && !ends_token(text.text[token.end]) &&
             !is_control(text.text[token.end]))
        ++token.end;
      token.text = text.text.substr(at, token.end - at);
    }
    at = token.end;
    tokens.push_back(std::move(token));
  }
  return tokens;
}

std::string print_token(std::string_view text) {
  const auto is_special = [](char one) {
    return ends_token(one) || is_control(one) || one == '\\';
  };
  const bool is_plain =
      !text.empty() && text != kFilterKeyword && std::none_of(text.begin(), text.end(), is_special);
  if (is_plain) return std::string(text);
  std::string quoted = "\"";
  for (const char character : text) {
    if (character == '"' || character == '\\') quoted += '\\';
    quoted += character;
  }
  return quoted + '"';
}

}  // namespace tunrelay
