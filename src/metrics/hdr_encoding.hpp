// SPDX-License-Identifier: MIT
// Histograms as text: HdrHistogram's encoding V2, compressed, in Base64, which its implementations
// in other languages read and write ("HISTFAAA...").
//
// Outside, big-endian: cookie 0x1c849314, bytes that follow (32 bits each), a zlib stream of
//   cookie 0x1c849313, payload bytes, normalizing index offset, significant digits (32 bits each),
//   lowest and highest value (64 bits each), value ratio (a double), and the payload: the counts
//   up to the last that is not 0, as ZigZag LEB128 of at most 9 bytes; -N stands for N times 0.
#pragma once

#include <string>
#include <string_view>

#include "metrics/histogram.hpp"

namespace tunrelay {

/// Pure, any thread.
[[nodiscard]] std::string encode_histogram(const Histogram& histogram);

/// What encode_histogram() or another implementation wrote. Of another range or precision than
/// ours, it is taken where each of its counts belongs into one slot of ours; a coarser one is
/// refused, since it would look more precise than it is. Pure, any thread, bounded in time and
/// memory whatever TEXT is. Throws a usage Error whose answer says what is wrong: damaged, cut
/// off, of another version or kind, values over 100 s, coarser.
[[nodiscard]] Histogram decode_histogram(std::string_view text);

}  // namespace tunrelay
