// SPDX-License-Identifier: MIT
#include "metrics/hdr_encoding.hpp"

#include <fmt/format.h>

#include <array>
#include <bit>
#include <cstdint>
#include <limits>
#include <optional>
#include <type_traits>

#include "base/error.hpp"
#include "metrics/base64.hpp"
#include "metrics/zlib_stream.hpp"

namespace tunrelay {
namespace {

constexpr std::uint32_t kWrapCookie = 0x1c849314;
constexpr std::uint32_t kCookie = 0x1c849313;
constexpr std::uint32_t kDoubleCookie = 0x0c72124f;  // DoubleHistogram's, compressed
constexpr std::size_t kWrapBytes = 8;
constexpr std::size_t kHeaderBytes = 40;
/// Ours need at most 256 KiB. Only five digits over most of 64 bits would need more than this.
constexpr std::size_t kMaxPayloadBytes = std::size_t{8} << 20U;
constexpr std::size_t kMaxTextBytes = 2 * kMaxPayloadBytes;
/// Doubles have all whole numbers up to here, and the sum of a thousand such does not overflow.
constexpr std::uint64_t kMaxValues = std::uint64_t{1} << 53U;
constexpr int kMaxDigits = 5;

[[noreturn]] void refuse_histogram(const std::string& answer) {
  throw_usage_error("read", "a histogram", answer);
}

[[noreturn]] void refuse_damaged_histogram() {
  refuse_histogram("it is damaged or cut off");
}

template <typename Unsigned>
void put_number(std::string& bytes, Unsigned number) {
  static_assert(std::is_unsigned_v<Unsigned>);
  for (unsigned shift = 8 * sizeof number; shift != 0;)
    bytes += static_cast<char>(static_cast<unsigned char>(number >> (shift -= 8)));
}

/// Takes a big-endian number from the front of BYTES, which must have it.
template <typename Unsigned>
Unsigned take_number(std::string_view& bytes) {
  static_assert(std::is_unsigned_v<Unsigned>);
  Unsigned number = 0;
  for (const char byte : bytes.substr(0, sizeof number))
    number = number << 8U | static_cast<unsigned char>(byte);
  bytes.remove_prefix(sizeof number);
  return number;
}

/// 7 bits a byte, the lowest first; a ninth byte has 8.
constexpr unsigned kNinthShift = 56;

void put_zigzag(std::string& bytes, std::int64_t number) {
  auto bits = static_cast<std::uint64_t>(number) << 1U ^ static_cast<std::uint64_t>(number >> 63U);
  for (unsigned shift = 0; shift < kNinthShift && bits > 0x7f; shift += 7, bits >>= 7U)
    bytes += static_cast<char>(static_cast<unsigned char>(bits | 0x80));
  bytes += static_cast<char>(static_cast<unsigned char>(bits));
}

/// Nothing when BYTES end within the number.
std::optional<std::int64_t> take_zigzag(std::string_view& bytes) {
  std::uint64_t bits = 0;
  for (unsigned shift = 0; !bytes.empty(); shift += 7) {
    const auto byte = static_cast<unsigned char>(bytes.front());
    bytes.remove_prefix(1);
    const bool is_last = shift == kNinthShift || byte < 0x80;
    bits |= std::uint64_t{is_last ? byte : byte & 0x7fU} << shift;
    if (is_last) return static_cast<std::int64_t>(bits >> 1U ^ (0 - (bits & 1U)));
  }
  return std::nullopt;
}

std::string payload_of(const Histogram& histogram) {
  std::size_t used = histogram.counts().size();
  while (used > 1 && histogram.counts()[used - 1] == 0) --used;
  std::string payload;
  std::int64_t zeros = 0;
  for (std::size_t index = 0; index < used; ++index) {
    const std::uint64_t count = histogram.counts()[index];
    if (count == 0) {
      ++zeros;
      continue;
    }
    if (zeros != 0) put_zigzag(payload, zeros == 1 ? 0 : -zeros);
    zeros = 0;
    put_zigzag(payload, static_cast<std::int64_t>(count));
  }
  if (zeros != 0) put_zigzag(payload, 0);  // it is empty: HdrHistogram writes its first count
  return payload;
}

/// Which values a count belongs to, for the range and precision that the header names.
class SlotLayout {
 public:
  SlotLayout(std::uint32_t digits, std::uint64_t lowest, std::uint64_t highest) {
    constexpr std::uint64_t kMax = std::numeric_limits<std::int64_t>::max();
    if (digits > kMaxDigits || lowest == 0 || lowest > kMax / 2 || highest < 2 * lowest ||
        highest > kMax)
      refuse_histogram("it names a range or a precision that no histogram has");
    std::uint64_t resolved = 2;  // up to here each of its units has a slot
    for (std::uint32_t digit = 0; digit < digits; ++digit) resolved *= 10;
    half_bits_ = static_cast<unsigned>(std::bit_width(resolved - 1)) - 1;
    unit_bits_ = static_cast<unsigned>(std::bit_width(lowest)) - 1;
    const auto first_bits = half_bits_ + 1 + unit_bits_;
    const auto highest_bits = static_cast<unsigned>(std::bit_width(highest));
    const std::size_t doublings = highest_bits > first_bits ? highest_bits - first_bits : 0;
    slots_ = (doublings + 2) << half_bits_;
  }

  [[nodiscard]] std::size_t slots() const noexcept { return slots_; }
  /// Nothing where it has values above all of ours.
  [[nodiscard]] std::optional<std::int64_t> lowest_at(std::size_t index) const noexcept {
    const std::size_t half = std::size_t{1} << half_bits_;
    const std::uint64_t units = index < 2 * half ? index : index % half + half;
    if (units > static_cast<std::uint64_t>(Histogram::kHighest) >> width_bits(index))
      return std::nullopt;
    return static_cast<std::int64_t>(units << width_bits(index));
  }
  /// How many values a slot has, as a power of two.
  [[nodiscard]] unsigned width_bits(std::size_t index) const noexcept {
    const std::size_t halves = index >> half_bits_;
    return unit_bits_ + (halves < 2 ? 0 : static_cast<unsigned>(halves - 1));
  }

 private:
  unsigned half_bits_ = 0;
  unsigned unit_bits_ = 0;
  std::size_t slots_ = 0;
};

void record_slot(Histogram& histogram, const SlotLayout& layout, std::size_t index,
                 std::uint64_t count) {
  if (count > kMaxValues || histogram.count() + count > kMaxValues)
    refuse_histogram("it counts more values than can have been measured");
  const auto lowest = layout.lowest_at(index);
  if (!lowest)
    refuse_histogram(
        fmt::format("it has values over {} s", Histogram::kHighest / kNanosecondsPerSecond));
  const std::int64_t highest = *lowest + (std::int64_t{1} << layout.width_bits(index)) - 1;
  if (Histogram::index_of(*lowest) != Histogram::index_of(highest))
    refuse_histogram(
        fmt::format("it is coarser than 1 ns and {} digits", Histogram::kSignificantDigits));
  histogram.record(*lowest, count);
}

Histogram histogram_of(std::string_view payload, const SlotLayout& layout) {
  Histogram histogram;
  for (std::size_t index = 0; !payload.empty();) {
    const auto number = take_zigzag(payload);
    if (!number) refuse_damaged_histogram();
    const bool is_run = *number < 0;
    const std::uint64_t slots = is_run ? 0 - static_cast<std::uint64_t>(*number) : 1;
    if (slots > layout.slots() - index)
      refuse_histogram("it has more counts than its range has room for");
    if (*number > 0) record_slot(histogram, layout, index, static_cast<std::uint64_t>(*number));
    index += slots;
  }
  return histogram;
}

/// The zlib stream within BYTES.
std::string_view unwrapped(std::string_view bytes) {
  if (bytes.size() < kWrapBytes) refuse_damaged_histogram();
  const auto cookie = take_number<std::uint32_t>(bytes);
  if (cookie == kDoubleCookie) refuse_histogram("it is one of fractions (a DoubleHistogram)");
  if (cookie != kWrapCookie)
    refuse_histogram("it is not a HdrHistogram in the compressed encoding V2");
  if (take_number<std::uint32_t>(bytes) != bytes.size()) refuse_damaged_histogram();
  return bytes;
}

}  // namespace

std::string encode_histogram(const Histogram& histogram) {
  const std::string payload = payload_of(histogram);
  std::string bytes;
  put_number(bytes, kCookie);
  put_number(bytes, static_cast<std::uint32_t>(payload.size()));
  put_number(bytes, std::uint32_t{0});
  put_number(bytes, std::uint32_t{Histogram::kSignificantDigits});
  put_number(bytes, std::uint64_t{Histogram::kLowest});
  put_number(bytes, std::uint64_t{Histogram::kHighest});
  put_number(bytes, std::bit_cast<std::uint64_t>(1.0));
  const std::string stream = zlib_compress(bytes + payload);
  std::string wrapped;
  put_number(wrapped, kWrapCookie);
  put_number(wrapped, static_cast<std::uint32_t>(stream.size()));
  return base64_encode(wrapped + stream);
}

Histogram decode_histogram(std::string_view text) {
  if (text.size() > kMaxTextBytes) refuse_histogram("it is longer than any histogram of latencies");
  const auto bytes = base64_decode(text);
  if (!bytes) refuse_damaged_histogram();
  ZlibReader reader(unwrapped(*bytes));
  std::array<char, kHeaderBytes> header{};
  if (!reader.read(header)) refuse_damaged_histogram();
  std::string_view rest(header.data(), header.size());
  if (take_number<std::uint32_t>(rest) != kCookie)
    refuse_histogram("it is not a HdrHistogram in the encoding V2");
  const auto payload_bytes = take_number<std::uint32_t>(rest);
  if (take_number<std::uint32_t>(rest) != 0)
    refuse_histogram("its values were shifted after they were recorded");
  const auto digits = take_number<std::uint32_t>(rest);
  const auto lowest = take_number<std::uint64_t>(rest);
  const auto highest =
      take_number<std::uint64_t>(rest);  // the ratio behind it is DoubleHistogram's
  const SlotLayout layout(digits, lowest, highest);

  if (payload_bytes > kMaxPayloadBytes)
    refuse_histogram("it is larger than any histogram of latencies");
  std::string payload(payload_bytes, '\0');
  if (!reader.read(payload) || !reader.at_end()) refuse_damaged_histogram();
  return histogram_of(payload, layout);
}

}  // namespace tunrelay
