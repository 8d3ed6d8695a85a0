// SPDX-License-Identifier: MIT
#include "fit/measurement_files.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <filesystem>
#include <system_error>

#include "base/error.hpp"
#include "fit/capture_pair.hpp"
#include "fit/capture_trips.hpp"
#include "fit/irtt_json.hpp"
#include "fit/ping_text.hpp"
#include "os/input_file.hpp"

namespace tunrelay {
namespace {

constexpr std::size_t kMaxTextBytes = std::size_t{1} << 30U;
constexpr const char* kAttempt = "read";

enum class Form : std::uint8_t { kPing, kIrtt, kCapture, kCompressed };

/// pcap with microseconds or nanoseconds, of either byte order, and pcapng.
constexpr std::array<std::array<unsigned char, 4>, 5> kCaptures{{{0xa1, 0xb2, 0xc3, 0xd4},
                                                                 {0xd4, 0xc3, 0xb2, 0xa1},
                                                                 {0xa1, 0xb2, 0x3c, 0x4d},
                                                                 {0x4d, 0x3c, 0xb2, 0xa1},
                                                                 {0x0a, 0x0d, 0x0d, 0x0a}}};

/// What is not a regular file can be read once, and is a text.
Form form_of(const std::string& file) {
  std::error_code fault;
  if (!std::filesystem::is_regular_file(file, fault)) return Form::kPing;
  std::array<unsigned char, 4> begin{};
  const FileDescriptor descriptor = open_input(file, kAttempt, kAnySize);
  if (::read(descriptor.get(), begin.data(), begin.size()) < 0) return Form::kPing;
  if (std::find(kCaptures.begin(), kCaptures.end(), begin) != kCaptures.end())
    return Form::kCapture;
  constexpr std::array<unsigned char, 2> kGzip{0x1f, 0x8b};
  return std::equal(kGzip.begin(), kGzip.end(), begin.begin()) ? Form::kCompressed : Form::kPing;
}

}  // namespace

LinkMeasurement read_measurement(const std::vector<std::string>& files, bool one_clock) {
  Form form = files.size() == 2 ? Form::kCapture : form_of(files.front());
  if (form == Form::kCompressed)
    throw_usage_error(kAttempt, files.front(), "it is compressed", "gunzip it first");
  std::string text;
  if (form != Form::kCapture) {
    text = read_whole_file(files.front(), kAttempt, kMaxTextBytes);
    const std::size_t first = text.find_first_not_of(" \t\r\n");
    if (first != std::string::npos && text[first] == '{') form = Form::kIrtt;
  }
  if (form == Form::kIrtt) return parse_irtt(text, one_clock, files.front());
  if (one_clock)
    throw_usage_error("take --one-clock with", files.front(), "it is not IRTT's JSON",
                      "leave it out: of two captures the clocks agree anyway");
  if (form == Form::kPing) return parse_ping(text, files.front());
  return files.size() == 2 ? measure_pair(files[0], files[1]) : measure_trips(files.front());
}

}  // namespace tunrelay
