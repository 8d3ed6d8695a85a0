// SPDX-License-Identifier: MIT
#include "link/stage_tokens.hpp"

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
                      fmt::format("it is not a whole number from {} to {}", least, most));
  return number;
}

}  // namespace

bool StageTokens::take(std::string_view keyword) noexcept {
  if (at_end() || tokens_[next_].is_quoted || tokens_[next_].text != keyword) return false;
  ++next_;
  return true;
}

bool StageTokens::has_number() const noexcept {
  return !at_end() && !tokens_[next_].is_quoted && tokens_[next_].text.front() >= '0' &&
         tokens_[next_].text.front() <= '9';
}

bool StageTokens::has_ratio() const noexcept {
  return has_number() && tokens_[next_].text.back() == '%';
}

const Token& StageTokens::take_token(const std::string& example) {
  if (at_end()) refuse_next(example);
  return tokens_[next_++];
}

/// The next token through READ, whose usage Error gets the token's place.
template <typename Reader>
auto StageTokens::take_as(const std::string& example, const Reader& read) {
  const Token& token = take_token(example);
  try {
    return read(token.text);
  } catch (const Error& error) {
    refuse_last(fmt::format("'{}': {}", token.text, error.parts().cause),
                error.parts().hint.empty() ? "write " + example : error.parts().hint);
  }
}

std::int64_t StageTokens::take_duration(const std::string& example) {
  const std::int64_t duration_ns = take_as(example, parse_duration_ns);
  if (duration_ns > kMaxNs) refuse_last("it is longer than a day", "write " + example);
  return duration_ns;
}

double StageTokens::take_ratio(const std::string& example) {
  return take_as(example, parse_ratio);
}

std::uint64_t StageTokens::take_rate(const std::string& example) {
  const std::uint64_t rate = take_as(example, parse_rate_bits_per_s);
  if (rate == 0 || rate > RatePace::kMaxBitsPerS)
    refuse_last("it is not from 1bit to 10tbit a second", "write " + example);
  return rate;
}

std::uint64_t StageTokens::take_size(const std::string& example, std::uint64_t least,
                                     std::uint64_t most) {
  const std::uint64_t bytes = take_as(example, parse_size_bytes);
  if (bytes < least || bytes > most)
    refuse_last(fmt::format("it is not from {} to {}", print_size(least), print_size(most)),
                "write " + example);
  return bytes;
}

std::uint64_t StageTokens::take_count(const std::string& example, std::uint64_t least,
                                      std::uint64_t most) {
  return take_as(example, [&](const std::string& text) {
    return to_whole_number<std::uint64_t>(text, least, most);
  });
}

std::int32_t StageTokens::take_signed(const std::string& example, std::int32_t least,
                                      std::int32_t most) {
  return take_as(example, [&](const std::string& text) {
    return to_whole_number<std::int32_t>(text, least, most);
  });
}

std::string StageTokens::take_text(const std::string& example) {
  const Token& token = take_token(example);
  if (token.text.empty()) refuse_last("it is empty", "write " + example);
  return token.text;
}

void StageTokens::refuse_next(const std::string& allowed) const {
  if (at_end()) {
    const Token& last = tokens_.back();
    refuse_text(text_, last.end, last.end + 1,
                fmt::format("'{}' goes on here", tokens_.front().text), "write " + allowed);
  }
  const Token& token = tokens_[next_];
  refuse_text(text_, token.begin, token.end,
              fmt::format("'{}' is not expected in '{}'", token.text, tokens_.front().text),
              "what may stand here: " + allowed);
}

void StageTokens::refuse_last(const std::string& why, const std::string& allowed) const {
  const Token& token = tokens_[next_ - 1];
  refuse_text(text_, token.begin, token.end, why, allowed);
}

}  // namespace tunrelay
