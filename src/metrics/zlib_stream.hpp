// SPDX-License-Identifier: MIT
// Bytes compressed as one zlib stream (RFC 1950), and read back with suspicion: whoever wrote them
// may have meant to fill our memory.
#pragma once

#include <zlib.h>

#include <span>
#include <string>
#include <string_view>

namespace tunrelay {

[[nodiscard]] std::string zlib_compress(std::string_view bytes);

/// Expands a stream piece by piece, so that the reader decides how much memory it takes.
class ZlibReader {
 public:
  /// STREAM must outlive it.
  explicit ZlibReader(std::string_view stream);
  ~ZlibReader();
  ZlibReader(const ZlibReader&) = delete;
  ZlibReader& operator=(const ZlibReader&) = delete;

  /// Fills PIECE. False when the stream is damaged, or ends before that.
  [[nodiscard]] bool read(std::span<char> piece);
  /// Whether nothing is left: the stream has ended here, and nothing stands behind it.
  [[nodiscard]] bool at_end();

 private:
  z_stream state_{};
};

}  // namespace tunrelay
