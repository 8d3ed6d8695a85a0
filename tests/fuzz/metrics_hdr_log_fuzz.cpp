// SPDX-License-Identifier: MIT
// Encoded histograms and logs of them, of any content: read or refused, but never more than that;
// and what was read is written so that the same is read again.
// Input: what the rest is (1 byte): a log; the text of a histogram; what stands in it compressed;
// or digits (1 byte), lowest and highest value (8 bytes each) and a payload, which are put together
// as they should be, so that the fuzzer gets that far.
// Covers: metrics/hdr_*.cpp
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "metrics/hdr_log.hpp"
#include "support/hdr_text.hpp"

using namespace tunrelay;

namespace {

void read_histogram(std::string_view text) {
  const Histogram histogram = decode_histogram(text);
  if (decode_histogram(encode_histogram(histogram)) != histogram) std::abort();
  if (histogram.value_at_percentile(0) != histogram.lowest()) std::abort();
}

void read_payload(std::string_view input) {
  constexpr std::size_t kLimitsBytes = 17;
  if (input.size() < kLimitsBytes) return;
  test::HdrHeader header;
  header.digits = static_cast<std::uint8_t>(input[0]);
  std::memcpy(&header.lowest, input.data() + 1, sizeof header.lowest);
  std::memcpy(&header.highest, input.data() + 9, sizeof header.highest);
  read_histogram(test::hdr_text(header, input.substr(kLimitsBytes)));
}

void read_log(std::string_view text) {
  std::string written = hdr_log_head("fuzz", 0);
  std::size_t intervals = 0;
  read_hdr_log(text, "input", [&](const HdrLogInterval& interval) {
    ++intervals;
    try {
      written += hdr_log_line(interval);
    } catch (const Error&) {  // a tag that we would not write, or a time
      --intervals;
    }
  });
  read_hdr_log(written, "output", [&](const HdrLogInterval&) { --intervals; });
  if (intervals != 0) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view rest(reinterpret_cast<const char*>(data + 1), size - 1);
  try {
    switch (data[0] % 4) {
      case 0:
        read_log(rest);
        break;
      case 1:
        read_histogram(rest);
        break;
      case 2:
        read_histogram(test::hdr_text(rest));
        break;
      default:
        read_payload(rest);
    }
  } catch (const Error&) {  // refused
  }
  return 0;
}
