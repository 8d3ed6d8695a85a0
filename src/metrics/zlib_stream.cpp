// SPDX-License-Identifier: MIT
#include "metrics/zlib_stream.hpp"

#include <new>

#include "base/ensure.hpp"

namespace tunrelay {
namespace {

/// zlib reads what this points to, and never writes there (zlib.h: next_in is const at heart).
Bytef* input_of(std::string_view bytes) {
  return const_cast<Bytef*>(reinterpret_cast<const Bytef*>(bytes.data()));
}

}  // namespace

std::string zlib_compress(std::string_view bytes) {
  std::string stream(::compressBound(bytes.size()), '\0');
  uLongf size = stream.size();
  const int result =
      ::compress2(reinterpret_cast<Bytef*>(stream.data()), &size,
                  reinterpret_cast<const Bytef*>(bytes.data()), bytes.size(), Z_BEST_COMPRESSION);
  if (result == Z_MEM_ERROR) throw std::bad_alloc();
  ensure(result == Z_OK, "zlib has all the room that it may need");
  stream.resize(size);
  return stream;
}

ZlibReader::ZlibReader(std::string_view stream) {
  state_.next_in = input_of(stream);
  state_.avail_in = static_cast<uInt>(stream.size());
  if (::inflateInit(&state_) != Z_OK) throw std::bad_alloc();
}

ZlibReader::~ZlibReader() {
  ::inflateEnd(&state_);
}

bool ZlibReader::read(std::span<char> piece) {
  state_.next_out = reinterpret_cast<Bytef*>(piece.data());
  state_.avail_out = static_cast<uInt>(piece.size());
  while (state_.avail_out != 0)
    if (::inflate(&state_, Z_SYNC_FLUSH) != Z_OK) break;
  return state_.avail_out == 0;
}

bool ZlibReader::at_end() {
  // One byte of room: a stream that goes on shows itself by filling it.
  char more = 0;
  state_.next_out = reinterpret_cast<Bytef*>(&more);
  state_.avail_out = 1;
  return ::inflate(&state_, Z_SYNC_FLUSH) == Z_STREAM_END && state_.avail_out == 1 &&
         state_.avail_in == 0;
}

}  // namespace tunrelay
