#include "link/stage_words.hpp"

#include <fmt/format.h>

#include <charconv>

#include "base/error.hpp"
#include "base/exact_units.hpp"
#include "base/units.hpp"
#include "stage/link_pace.hpp"

namespace tunrelay {
namespace {

template <typename Number>
Number to_whole_number(const std::string& text, Number least, Number most) {
  Number number = 0;
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc{} || rest != end || number < least || number > most)
    throw_usage_error("read", text,
                      fmt::format("it is no whole number from {} to {}", least, most));
  return number;
}

}  // namespace

bool StageWords::take(std::string_view keyword) noexcept {
  if (at_end() || words_[next_].is_quoted || words_[next_].text != keyword) return false;
  ++next_;
  return true;
}

bool StageWords::has_number() const noexcept {
  return !at_end() && !words_[next_].is_quoted && words_[next_].text.front() >= '0' &&
         words_[next_].text.front() <= '9';
}

bool StageWords::has_ratio() const noexcept {
  return has_number() && words_[next_].text.back() == '%';
}

const Word& StageWords::take_word(const std::string& example) {
  if (at_end()) refuse_next(example);
  return words_[next_++];
}

/// The next word through READ, whose usage Error gets the word's place.
template <typename Reader>
auto StageWords::take_as(const std::string& example, const Reader& read) {
  const Word& word = take_word(example);
  try {
    return read(word.text);
  } catch (const Error& error) {
    refuse_last(fmt::format("'{}': {}", word.text, error.parts().answer),
                error.parts().way_out.empty() ? "write " + example : error.parts().way_out);
  }
}

std::int64_t StageWords::take_duration(const std::string& example) {
  const std::int64_t duration_ns = take_as(example, parse_duration_ns);
  if (duration_ns > kMostNs) refuse_last("it is longer than a day", "write " + example);
  return duration_ns;
}

double StageWords::take_ratio(const std::string& example) {
  return take_as(example, parse_ratio);
}

std::uint64_t StageWords::take_rate(const std::string& example) {
  const std::uint64_t rate = take_as(example, parse_rate_bits_per_s);
  if (rate == 0 || rate > RatePace::kMostBitsPerS)
    refuse_last("it is not from 1bit to 10tbit a second", "write " + example);
  return rate;
}

std::uint64_t StageWords::take_size(const std::string& example, std::uint64_t least,
                                    std::uint64_t most) {
  const std::uint64_t bytes = take_as(example, parse_size_bytes);
  if (bytes < least || bytes > most)
    refuse_last(fmt::format("it is not from {} to {}", print_size(least), print_size(most)),
                "write " + example);
  return bytes;
}

std::uint64_t StageWords::take_count(const std::string& example, std::uint64_t least,
                                     std::uint64_t most) {
  return take_as(example, [&](const std::string& text) {
    return to_whole_number<std::uint64_t>(text, least, most);
  });
}

std::int32_t StageWords::take_signed(const std::string& example, std::int32_t least,
                                     std::int32_t most) {
  return take_as(example, [&](const std::string& text) {
    return to_whole_number<std::int32_t>(text, least, most);
  });
}

std::string StageWords::take_text(const std::string& example) {
  const Word& word = take_word(example);
  if (word.text.empty()) refuse_last("it is empty", "write " + example);
  return word.text;
}

void StageWords::refuse_next(const std::string& allowed) const {
  if (at_end()) {
    const Word& last = words_.back();
    refuse_words(text_, last.end, last.end + 1,
                 fmt::format("'{}' goes on here", words_.front().text), "write " + allowed);
  }
  const Word& word = words_[next_];
  refuse_words(text_, word.begin, word.end,
               fmt::format("'{}' is not expected in '{}'", word.text, words_.front().text),
               "what may stand here: " + allowed);
}

void StageWords::refuse_last(const std::string& why, const std::string& allowed) const {
  const Word& word = words_[next_ - 1];
  refuse_words(text_, word.begin, word.end, why, allowed);
}

}  // namespace tunrelay
