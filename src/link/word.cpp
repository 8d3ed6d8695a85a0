#include "link/word.hpp"

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
bool ends_word(char character) {
  return is_blank(character) || character == ',' || character == '"';
}

Word take_quoted(const LinkText& text, std::size_t begin) {
  Word word{.text = {}, .begin = begin, .end = begin + 1, .is_quoted = true};
  for (; word.end < text.text.size() && text.text[word.end] != '"'; ++word.end) {
    if (text.text[word.end] == '\\' && word.end + 1 < text.text.size()) ++word.end;
    word.text += text.text[word.end];
  }
  if (word.end >= text.text.size())
    refuse_words(text, begin, begin + 1, "these quotes do not end", "close them with \"");
  ++word.end;
  return word;
}

}  // namespace

void refuse_words(const LinkText& text, std::size_t begin, std::size_t end, const std::string& why,
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

std::vector<Word> split_words(const LinkText& text) {
  std::vector<Word> words;
  for (std::size_t at = 0; at < text.text.size();) {
    const char character = text.text[at];
    if (is_blank(character)) {
      ++at;
      continue;
    }
    if (is_control(character))
      refuse_words(text, at, at + 1, "a control character stands here", "");
    Word word{.text = ",", .begin = at, .end = at + 1, .is_comma = true};
    if (character == '"') {
      word = take_quoted(text, at);
    } else if (character != ',') {
      word.is_comma = false;
      while (word.end < text.text.size() && !ends_word(text.text[word.end]) &&
             !is_control(text.text[word.end]))
        ++word.end;
      word.text = text.text.substr(at, word.end - at);
    }
    at = word.end;
    words.push_back(std::move(word));
  }
  return words;
}

std::string print_word(std::string_view text) {
  const auto is_special = [](char one) { return ends_word(one) || is_control(one) || one == '\\'; };
  if (!text.empty() && std::none_of(text.begin(), text.end(), is_special)) return std::string(text);
  std::string quoted = "\"";
  for (const char character : text) {
    if (character == '"' || character == '\\') quoted += '\\';
    quoted += character;
  }
  return quoted + '"';
}

}  // namespace tunrelay
