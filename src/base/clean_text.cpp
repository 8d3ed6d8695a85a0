// SPDX-License-Identifier: MIT
#include "base/clean_text.hpp"

#include <algorithm>
#include <cstdint>

namespace tunrelay {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD

std::uint32_t byte_at(std::string_view text, std::size_t at) {
  return static_cast<unsigned char>(text[at]);
}

/// The length of the well-formed sequence at the beginning of TEXT, which is not empty; 0 for none.
std::size_t sequence_length(std::string_view text) {
  const std::uint32_t lead = byte_at(text, 0);
  if (lead < 0x80) return 1;
  const std::size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC0 ? 2 : 0;
  if (length == 0 || lead > 0xF4 || text.size() < length) return 0;
  std::uint32_t point = lead & (0x7FU >> length);
  for (std::size_t at = 1; at < length; ++at) {
    if ((byte_at(text, at) & 0xC0U) != 0x80) return 0;
    point = point << 6U | (byte_at(text, at) & 0x3FU);
  }
  constexpr std::uint32_t kMin[] = {0, 0, 0x80, 0x800, 0x10000};
  const bool surrogate = point >= 0xD800 && point <= 0xDFFF;
  return point < kMin[length] || point > 0x10FFFF || surrogate ? 0 : length;
}

/// Whether the sequence is a control character, of C0, of C1 (which some terminals obey, too), or
/// one of the two that XML can't hold.
bool is_control(std::string_view sequence) {
  if (sequence.size() == 1) return byte_at(sequence, 0) < 0x20 || byte_at(sequence, 0) == 0x7F;
  if (sequence.size() == 2) return byte_at(sequence, 0) == 0xC2 && byte_at(sequence, 1) < 0xA0;
  return sequence == "\xEF\xBF\xBE" || sequence == "\xEF\xBF\xBF";
}

bool is_space(char character) {
  return character == '\n' || character == '\r' || character == '\t';
}

}  // namespace

std::string clean_text(std::string_view text) {
  std::string clean;
  clean.reserve(text.size());
  while (!text.empty()) {
    const std::size_t length = sequence_length(text);
    const std::string_view sequence = text.substr(0, std::max<std::size_t>(length, 1));
    if (length == 0 || (is_control(sequence) && !is_space(sequence.front())))
      clean += kReplacement;
    else
      clean += sequence;
    text.remove_prefix(sequence.size());
  }
  return clean;
}

std::string clean_line(std::string_view text) {
  std::string line = clean_text(text);
  std::replace_if(line.begin(), line.end(), is_space, ' ');
  return line;
}

std::string clean_lines(std::string_view text) {
  std::string lines = clean_text(text);
  std::replace(lines.begin(), lines.end(), '\r', ' ');
  return lines;
}

}  // namespace tunrelay
