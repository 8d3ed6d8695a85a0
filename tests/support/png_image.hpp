// SPDX-License-Identifier: MIT
// A PNG file as pixels (RFC 2083): what a browser's screenshots are, 8 bits a channel, RGB or RGBA,
// not interlaced.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "metrics/zlib_stream.hpp"
#include "support/colour.hpp"

namespace tunrelay::test {

class PngImage {
 public:
  /// Throws std::runtime_error for anything but such a file.
  explicit PngImage(std::string_view file) {
    constexpr std::string_view kSignature = "\x89PNG\r\n\x1a\n";
    if (!file.starts_with(kSignature)) throw std::runtime_error("no PNG file");
    std::string stream;
    for (std::size_t at = kSignature.size(); at + 12 <= file.size();) {
      const std::size_t length = number_at(file, at);
      const std::string_view kind = file.substr(at + 4, 4);
      const std::string_view data = file.substr(at + 8, length);
      if (kind == "IHDR") take_header(data);
      if (kind == "IDAT") stream += data;
      at += length + 12;
    }
    take_pixels(stream);
  }

  [[nodiscard]] std::size_t width() const noexcept { return width_; }
  [[nodiscard]] std::size_t height() const noexcept { return height_; }
  [[nodiscard]] Colour at(std::size_t x, std::size_t y) const {
    const std::size_t begin = (y * width_ + x) * channels_;
    return {bytes_.at(begin), bytes_.at(begin + 1), bytes_.at(begin + 2)};
  }

 private:
  static std::size_t number_at(std::string_view text, std::size_t at) {
    std::size_t number = 0;
    for (std::size_t byte = 0; byte < 4; ++byte)
      number = number << 8U | static_cast<unsigned char>(text.at(at + byte));
    return number;
  }

  void take_header(std::string_view data) {
    width_ = number_at(data, 0);
    height_ = number_at(data, 4);
    const auto depth = static_cast<unsigned char>(data.at(8));
    const auto kind = static_cast<unsigned char>(data.at(9));
    if (depth != 8 || (kind != 2 && kind != 6) || data.at(12) != 0)
      throw std::runtime_error("a PNG file of another kind");
    channels_ = kind == 2 ? 3 : 4;
  }

  /// The nearest of left, above and their difference to the corner (RFC 2083, section 6.6).
  static int paeth(int left, int above, int corner) {
    const int guess = left + above - corner;
    const int from_left = std::abs(guess - left);
    const int from_above = std::abs(guess - above);
    const int from_corner = std::abs(guess - corner);
    if (from_left <= from_above && from_left <= from_corner) return left;
    return from_above <= from_corner ? above : corner;
  }

  void take_pixels(const std::string& stream) {
    ZlibReader reader(stream);
    const std::size_t row_bytes = width_ * channels_;
    bytes_.assign(row_bytes * height_, 0);
    std::string row(row_bytes + 1, '\0');
    for (std::size_t y = 0; y < height_; ++y) {
      if (!reader.read(row)) throw std::runtime_error("a damaged PNG file");
      for (std::size_t x = 0; x < row_bytes; ++x) {
        const std::size_t here = y * row_bytes + x;
        const int left = x >= channels_ ? bytes_[here - channels_] : 0;
        const int above = y != 0 ? bytes_[here - row_bytes] : 0;
        const int corner = y != 0 && x >= channels_ ? bytes_[here - row_bytes - channels_] : 0;
        const int filters[] = {0, left, above, (left + above) / 2, paeth(left, above, corner)};
        bytes_[here] = static_cast<std::uint8_t>(static_cast<unsigned char>(row[x + 1]) +
                                                 filters[static_cast<unsigned char>(row[0])]);
      }
    }
  }

  std::size_t width_ = 0;
  std::size_t height_ = 0;
  std::size_t channels_ = 3;
  std::vector<std::uint8_t> bytes_;
};

}  // namespace tunrelay::test
