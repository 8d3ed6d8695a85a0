// SPDX-License-Identifier: MIT
// The words of a qdisc's options, taken one after the other; what can't be read stays.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "convert/foreign_quantity.hpp"
#include "convert/shell_words.hpp"

namespace tunrelay {

class TcWords {
 public:
  TcWords(const ShellCommand& command, std::size_t first) : command_(command), at_(first) {}

  [[nodiscard]] bool at_end() const noexcept { return at_ >= command_.size(); }
  [[nodiscard]] std::size_t at() const noexcept { return at_; }
  /// The next word, taken; empty at the end.
  std::string take() { return at_end() ? std::string() : command_[at_++].text; }
  bool take(std::string_view keyword) {
    const bool is_next = !at_end() && command_[at_].text == keyword;
    if (is_next) ++at_;
    return is_next;
  }
  /// The next word, taken where READ understands it.
  template <typename Read>
  auto take_if(const Read& read) {
    decltype(read(std::string_view())) value;
    if (!at_end()) value = read(std::string_view(command_[at_].text));
    if (value) ++at_;
    return value;
  }
  std::optional<std::int64_t> take_time_ns() { return take_if(tc_time_ns); }
  std::optional<double> take_ratio() { return take_if(tc_ratio); }
  std::optional<std::uint64_t> take_rate() { return take_if(tc_rate_bits_per_s); }
  std::optional<std::uint64_t> take_size() { return take_if(tc_size_bytes); }
  /// A whole number, maybe below 0.
  std::optional<std::int64_t> take_whole();
  /// The words from BEGIN up to here.
  [[nodiscard]] std::string since(std::size_t begin) const {
    return joined_words(command_, begin, at_);
  }

 private:
  const ShellCommand& command_;
  std::size_t at_;
};

}  // namespace tunrelay
