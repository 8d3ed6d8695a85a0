// SPDX-License-Identifier: MIT
// Histograms as text: the bytes of the format, there and back, other layouts, and whatever may
// stand there instead.
#include "metrics/hdr_encoding.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <map>
#include <span>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "support/hdr_text.hpp"
#include "support/random.hpp"

namespace tunrelay {
namespace {

using namespace std::string_literals;

using test::hdr_text;
using test::HdrHeader;
using test::scaled;
using test::SeededRandom;
using ::testing::HasSubstr;

Histogram random_histogram(SeededRandom& random, std::uint64_t values) {
  Histogram histogram;
  for (std::uint64_t value = 0; value < values; ++value)
    histogram.record(static_cast<std::int64_t>(random.generator()() >> random.between(28, 63)),
                     random.between(1, std::uint64_t{1} << random.between(0, 40)));
  return histogram;
}

/// What reading TEXT fails with; nothing when it doesn't.
std::string fault_of(std::string_view text) {
  try {
    static_cast<void>(decode_histogram(text));
  } catch (const Error& error) {
    EXPECT_EQ(error.exit_code(), ExitCode::kUsage);
    return error.parts().cause;
  }
  return "";
}

/// The number as the format's specification puts it, byte by byte.
std::string zigzag(std::int64_t number) {
  std::uint64_t bits = number >= 0 ? static_cast<std::uint64_t>(number) * 2
                                   : static_cast<std::uint64_t>(-(number + 1)) * 2 + 1;
  std::string bytes;
  for (int place = 1; place < 9 && bits >= 128; ++place, bits /= 128)
    bytes += static_cast<char>(static_cast<unsigned char>(bits % 128 + 128));
  return bytes + static_cast<char>(static_cast<unsigned char>(bits));
}

TEST(HdrEncoding, WritesTheBytesOfTheFormat) {
  Histogram histogram;
  histogram.record(1);
  histogram.record(5, 2);
  histogram.record(2048, 300);
  // 0, 1, three times 0, 2, 2042 times 0, 300.
  const std::string payload = "\x00\x02\x05\x04\xf3\x1f\xd8\x04"s;
  EXPECT_EQ(encode_histogram(histogram), hdr_text(HdrHeader{}, payload));
  EXPECT_EQ(encode_histogram(Histogram()), hdr_text(HdrHeader{}, "\0"s)) << "the first count alone";
  EXPECT_THAT(encode_histogram(histogram), testing::StartsWith("HISTFAAA"));
}

TEST(HdrEncoding, GoesThereAndBack) {
  SeededRandom random;
  EXPECT_EQ(decode_histogram(encode_histogram(Histogram())), Histogram());
  for (std::size_t round = 0; round < scaled(300); ++round) {
    const Histogram histogram = random_histogram(random, random.between(1, 1000));
    const Histogram back = decode_histogram(encode_histogram(histogram));
    ASSERT_EQ(back, histogram);
    ASSERT_EQ(back.count(), histogram.count());
  }
  Histogram full;
  for (std::size_t index = 0; Histogram::lowest_at(index) <= Histogram::kHighest; ++index)
    full.record(Histogram::lowest_at(index), index + 1);
  full.record(0, std::uint64_t{1} << 52U);
  EXPECT_EQ(decode_histogram(encode_histogram(full)), full);
}

/// The counts of a layout with a slot for each of HALF * 2 units, then HALF for each doubling.
std::string payload_of_layout(const std::map<std::uint64_t, std::int64_t>& counts,
                              std::uint64_t half, std::uint64_t unit) {
  std::string payload;
  std::uint64_t next = 0;
  for (std::uint64_t width = unit; next <= counts.rbegin()->first; width *= 2)
    for (std::uint64_t slot = 0; slot < (width == unit ? 2 * half : half); ++slot, next += width) {
      std::int64_t sum = 0;
      for (auto at = counts.lower_bound(next); at != counts.end() && at->first < next + width; ++at)
        sum += at->second;
      payload += zigzag(sum);
    }
  return payload;
}

TEST(HdrEncoding, TakesOtherRangesAndFinerSlots) {
  const std::map<std::uint64_t, std::int64_t> counts{
      {0, 3}, {1, 1}, {2047, 5}, {2048, 1}, {2051, 2}, {999'999, 70'000}, {1'234'567, 9}};
  Histogram expected;
  for (const auto& [value, count] : counts)
    expected.record(static_cast<std::int64_t>(value), static_cast<std::uint64_t>(count));
  const std::uint64_t halves[] = {1024, 16384, 131072};  // of three, four and five digits
  for (std::uint32_t digits = 3; digits <= 5; ++digits)
    for (const std::uint64_t highest : {std::uint64_t{2'000'000}, std::uint64_t{3'600'000'000'000},
                                        (std::uint64_t{1} << 63U) - 1})
      EXPECT_EQ(decode_histogram(hdr_text({.digits = digits, .highest = highest},
                                          payload_of_layout(counts, halves[digits - 3], 1))),
                expected)
          << digits << " digits to " << highest;
}

TEST(HdrEncoding, RefusesSlotsThatWouldLookFinerThanTheyAre) {
  // Where a slot has values of several of ours it is not known which they were.
  EXPECT_EQ(fault_of(hdr_text({.digits = 2}, payload_of_layout({{255, 1}}, 128, 1))), "");
  EXPECT_THAT(fault_of(hdr_text({.digits = 2}, payload_of_layout({{256, 1}}, 128, 1))),
              HasSubstr("coarser"));
  EXPECT_THAT(fault_of(hdr_text({.lowest = 2}, payload_of_layout({{7, 1}}, 1024, 2))),
              HasSubstr("coarser"));
  EXPECT_THAT(fault_of(hdr_text({.digits = 0}, payload_of_layout({{2, 1}}, 1, 1))),
              HasSubstr("coarser"));
  EXPECT_EQ(fault_of(hdr_text({.digits = 0}, payload_of_layout({{0, 1}, {1, 4}}, 1, 1))), "");
}

TEST(HdrEncoding, RefusesValuesOverItsRange) {
  const HdrHeader hour{.highest = 3'600'000'000'000};
  const auto behind = [](std::size_t zeros) {
    return zigzag(-static_cast<std::int64_t>(zeros)) + zigzag(1);
  };
  const std::size_t last = Histogram::index_of(Histogram::kHighest);
  EXPECT_EQ(fault_of(hdr_text(hour, behind(last))), "");
  EXPECT_THAT(fault_of(hdr_text(hour, behind(last + 1))), HasSubstr("over 100 s"));
  EXPECT_THAT(fault_of(hdr_text(HdrHeader{}, behind(last + 1))), HasSubstr("over 100 s"));
  const HdrHeader all{.digits = 0, .lowest = std::uint64_t{1} << 61U, .highest = ~0ULL >> 1U};
  EXPECT_THAT(fault_of(hdr_text(all, zigzag(0) + zigzag(1))), HasSubstr("over 100 s"));
  EXPECT_EQ(fault_of(hdr_text(all, zigzag(0) + zigzag(0) + zigzag(0))), "");
}

TEST(HdrEncoding, RefusesWhatIsNoHistogramOfItsKind) {
  EXPECT_THAT(fault_of(hdr_text(HdrHeader{}.bytes(), 0x0c72124f)), HasSubstr("DoubleHistogram"));
  EXPECT_THAT(fault_of(hdr_text(HdrHeader{}.bytes(), 0x1c849302)), HasSubstr("encoding V2"));
  EXPECT_THAT(fault_of(hdr_text({.cookie = 0x1c849301}, "")), HasSubstr("encoding V2"));
  EXPECT_THAT(fault_of(hdr_text({.index_offset = 1}, "")), HasSubstr("shifted"));
  for (const HdrHeader& header :
       {HdrHeader{.digits = 6}, HdrHeader{.digits = ~0U}, HdrHeader{.lowest = 0},
        HdrHeader{.lowest = 100, .highest = 199}, HdrHeader{.highest = std::uint64_t{1} << 63U},
        HdrHeader{.lowest = std::uint64_t{1} << 63U, .highest = ~0ULL}})
    EXPECT_THAT(fault_of(hdr_text(header, "")), HasSubstr("range or a precision"));
}

TEST(HdrEncoding, RefusesCountsThatCannotBe) {
  constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();
  constexpr std::int64_t kMin = std::numeric_limits<std::int64_t>::min();
  EXPECT_THAT(fault_of(hdr_text(HdrHeader{}, zigzag(kMax))), HasSubstr("more values than"));
  EXPECT_THAT(fault_of(hdr_text(HdrHeader{}, zigzag(1LL << 52U) + zigzag((1LL << 52U) + 1))),
              HasSubstr("more values than"));
  EXPECT_THAT(fault_of(hdr_text(HdrHeader{}, zigzag(kMin))), HasSubstr("room for"));
  EXPECT_EQ(fault_of(hdr_text(HdrHeader{}, zigzag(-28672))), "");
  EXPECT_THAT(fault_of(hdr_text(HdrHeader{}, zigzag(-28673))), HasSubstr("room for"));
  EXPECT_THAT(fault_of(hdr_text(HdrHeader{}, zigzag(-28672) + zigzag(0))), HasSubstr("room for"));
  EXPECT_THAT(fault_of(hdr_text(HdrHeader{}, "\x02\x80")), HasSubstr("cut off"));
}

TEST(HdrEncoding, RefusesPayloadsOfAnotherLength) {
  const std::string header_of_two = HdrHeader{.payload_bytes = 2}.bytes();
  EXPECT_EQ(fault_of(hdr_text(header_of_two + "\2\2")), "");
  EXPECT_THAT(fault_of(hdr_text(header_of_two + "\2")), HasSubstr("cut off"));
  EXPECT_THAT(fault_of(hdr_text(header_of_two + "\2\2\2")), HasSubstr("damaged"));
  EXPECT_THAT(fault_of(hdr_text(header_of_two.substr(0, 39))), HasSubstr("cut off"));
  EXPECT_THAT(fault_of(hdr_text(HdrHeader{.payload_bytes = ~0U}.bytes())), HasSubstr("larger"));
  EXPECT_THAT(fault_of(std::string(100U << 20U, 'A')), HasSubstr("longer"));
}

TEST(HdrEncoding, RefusesWhatStandsBehindItsStream) {
  const std::string stream = zlib_compress(HdrHeader{.payload_bytes = 1}.bytes() + "\2");
  const auto wrapped = [](const std::string& content) {
    return base64_encode(test::big_endian(test::kHdrCompressedCookie) +
                         test::big_endian(static_cast<std::uint32_t>(content.size())) + content);
  };
  EXPECT_EQ(fault_of(wrapped(stream)), "");
  EXPECT_THAT(fault_of(wrapped(stream + "x")), HasSubstr("damaged"));
  EXPECT_THAT(fault_of(wrapped(stream.substr(0, stream.size() - 1))), HasSubstr("cut off"));
}

TEST(HdrEncoding, RefusesEveryPieceOfAText) {
  SeededRandom random;
  const std::string text = encode_histogram(random_histogram(random, 200));
  for (std::size_t length = 0; length < text.size(); ++length)
    ASSERT_NE(fault_of(std::string_view(text).substr(0, length)), "") << length;
  EXPECT_NE(fault_of(text + "AAAA"), "");
  EXPECT_NE(fault_of(text + "\n"), "");
}

TEST(HdrEncoding, SeesEveryFlippedBit) {
  SeededRandom random;
  const Histogram histogram = random_histogram(random, 100);
  std::string text = encode_histogram(histogram);
  std::size_t seen = 0;
  for (char& character : text)
    for (unsigned bit = 0; bit < 8; ++bit) {
      const char before = character;
      character = static_cast<char>(static_cast<unsigned char>(character) ^ (1U << bit));
      try {
        // Bits between the stream's last block and its checksum mean nothing.
        ASSERT_EQ(decode_histogram(text), histogram);
      } catch (const Error&) {
        ++seen;
      }
      character = before;
    }
  EXPECT_GE(seen, text.size() * 8 - 7);
}

TEST(HdrEncoding, TakesAnyBytes) {
  SeededRandom random;
  for (std::size_t round = 0; round < scaled(3000); ++round) {
    std::string payload(random.between(0, 200), '\0');
    random.fill(std::as_writable_bytes(std::span{payload}));
    const HdrHeader header{.digits = static_cast<std::uint32_t>(random.between(0, 5)),
                           .lowest = random.generator()() >> random.between(1, 63),
                           .highest = random.generator()() >> random.between(1, 63)};
    const std::string text = hdr_text(header, payload);
    if (!fault_of(text).empty()) continue;
    const Histogram histogram = decode_histogram(text);
    ASSERT_EQ(decode_histogram(encode_histogram(histogram)), histogram);
  }
}

}  // namespace
}  // namespace tunrelay
