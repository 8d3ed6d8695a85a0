// SPDX-License-Identifier: MIT
// The tokens of one stage's text, taken one after the other. What can't be taken is refused with
// its place in the text and what would do.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>

#include "link/token.hpp"

namespace tunrelay {

class StageTokens {
 public:
  /// No longer time is taken: a day.
  static constexpr std::int64_t kMaxNs = 86'400'000'000'000;

  /// TOKENS: of one stage, its name first, without commas; they and TEXT must outlive this.
  StageTokens(const LinkText& text, std::span<const Token> tokens) : text_(text), tokens_(tokens) {}

  [[nodiscard]] bool at_end() const noexcept { return next_ == tokens_.size(); }
  /// Whether the next token is KEYWORD, which is then taken.
  bool take(std::string_view keyword) noexcept;
  /// Whether the next token begins with a digit.
  [[nodiscard]] bool has_number() const noexcept;
  /// Whether the next token is a percentage.
  [[nodiscard]] bool has_ratio() const noexcept;

  // Each takes the next token, and refuses it where it is none of its kind; EXAMPLE is what to
  // write there: "a time such as 20ms".
  std::int64_t take_duration(const std::string& example);
  double take_ratio(const std::string& example);
  std::uint64_t take_rate(const std::string& example);
  std::uint64_t take_size(const std::string& example, std::uint64_t least, std::uint64_t most);
  std::uint64_t take_count(const std::string& example, std::uint64_t least, std::uint64_t most);
  std::int32_t take_signed(const std::string& example, std::int32_t least, std::int32_t most);
  /// A file or a filter: any token but an empty one.
  std::string take_text(const std::string& example);
  /// The next token as it stands; refused at the end.
  const Token& take_token(const std::string& example);

  /// Refuses the next token, or the end of the stage; ALLOWED: what may stand there.
  [[noreturn]] void refuse_next(const std::string& allowed) const;
  /// Refuses the token that was taken last.
  [[noreturn]] void refuse_last(const std::string& why, const std::string& allowed) const;

 private:
  template <typename Reader>
  auto take_as(const std::string& example, const Reader& read);

  const LinkText& text_;
  std::span<const Token> tokens_;
  std::size_t next_ = 0;
};

}  // namespace tunrelay
