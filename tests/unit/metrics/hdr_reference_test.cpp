// SPDX-License-Identifier: MIT
// Our histograms as another implementation reads them: HdrHistogram's own, in Java. It decodes a
// log that we wrote, and its percentiles, counts, mean and deviation have to be ours.
#include <gtest/gtest.h>
#include <stdlib.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "metrics/hdr_log.hpp"
#include "support/process.hpp"
#include "support/random.hpp"
#include "support/skip.hpp"

namespace tunrelay {
namespace {

using test::scaled;
using test::SeededRandom;

constexpr const char* kJar = "/usr/share/java/hdrhistogram.jar";

/// What keeps the reference from running here; nothing when it can.
std::string missing_for_reference() {
  if (test::run({"java", "-version"}).exit_code == 127)
    return "java is missing (package default-jre-headless)";
  if (!std::filesystem::exists(kJar))
    return std::string(kJar) + " is missing (package libhdrhistogram-java)";
  return "";
}

/// The numbers in TEXT, whatever stands between them.
std::vector<double> numbers_in(const std::string& text) {
  constexpr const char* kOfNumbers = "0123456789.";
  std::vector<double> numbers;
  for (std::size_t at = 0; (at = text.find_first_of(kOfNumbers, at)) != std::string::npos;) {
    const std::size_t end = std::min(text.find_first_not_of(kOfNumbers, at), text.size());
    numbers.push_back(std::stod(text.substr(at, end - at)));
    at = end;
  }
  return numbers;
}

/// What the reference makes of a log. Values are those of the histogram, as it prints them.
struct Reference {
  struct Row {
    double value = 0;
    double percentile = 0;
    double count_up_to = 0;
  };
  std::vector<Row> rows;        ///< of all intervals together
  std::vector<double> summary;  ///< mean, deviation, highest, count, buckets, sub-buckets
  /// Time; count and values at 50, 90, 100 % of the interval; count and values at 50, 90, 99,
  /// 99.9, 99.99, 100 % of all up to here.
  std::vector<std::vector<double>> intervals;
};

std::vector<std::string> lines_of_file(const std::filesystem::path& path) {
  std::vector<std::string> lines;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) lines.push_back(line);
  return lines;
}

/// Of the intervals with TAG, or of those without a tag.
Reference read_by_reference(const std::string& log, const std::string& tag = {}) {
  std::string folder = (std::filesystem::temp_directory_path() / "hdr_test.XXXXXX").string();
  if (::mkdtemp(folder.data()) == nullptr) throw std::runtime_error("no folder " + folder);
  std::ofstream(folder + "/log") << log;
  test::Command command{"java",
                        "-cp",
                        kJar,
                        "org.HdrHistogram.HistogramLogProcessor",
                        "-outputValueUnitRatio",
                        "1.0",
                        "-i",
                        folder + "/log",
                        "-o",
                        folder + "/intervals"};
  if (!tag.empty()) command.insert(command.end(), {"-tag", tag});
  const test::ProcessResult result = test::run(command);
  const auto distribution = lines_of_file(folder + "/intervals.hgrm");
  const auto intervals = lines_of_file(folder + "/intervals");
  std::filesystem::remove_all(folder);
  if (!result.succeeded()) throw std::runtime_error(result.describe());

  Reference reference;
  for (const std::string& line : distribution) {
    const bool is_row = !line.empty() && line.find_first_not_of("0123456789. ") == line.npos;
    std::istringstream fields(line);
    std::string value;
    std::string fraction;
    std::string count;
    if (is_row && fields >> value >> fraction >> count)
      reference.rows.push_back({std::stod(value), std::stod(fraction + "e2"), std::stod(count)});
    if (line.starts_with("#[Mean") || line.starts_with("#[Max") || line.starts_with("#[Buckets"))
      for (const double number : numbers_in(line)) reference.summary.push_back(number);
  }
  for (const std::string& line : intervals)
    if (line.find(" T:") != line.npos && !line.starts_with("Time"))
      reference.intervals.push_back(numbers_in(line));
  return reference;
}

double value_of(const Histogram& histogram, double percentile) {
  return static_cast<double>(histogram.value_at_percentile(percentile));
}

void expect_same_distribution(const Histogram& histogram, const Reference& reference) {
  ASSERT_GT(reference.rows.size(), 50U);
  EXPECT_EQ(reference.rows.front().value, static_cast<double>(histogram.lowest()));
  for (std::size_t at = 1; at < reference.rows.size(); ++at) {
    const auto& [value, percentile, count_up_to] = reference.rows[at];
    ASSERT_EQ(value_of(histogram, percentile), value) << percentile << " %";
    ASSERT_EQ(histogram.count_up_to(static_cast<std::int64_t>(value)), count_up_to);
  }
  ASSERT_EQ(reference.summary.size(), 6U);
  EXPECT_NEAR(reference.summary[0], histogram.mean(), 0.001);
  EXPECT_NEAR(reference.summary[1], histogram.standard_deviation(), 0.001);
  EXPECT_EQ(reference.summary[2], static_cast<double>(histogram.highest()));
  EXPECT_EQ(reference.summary[3], static_cast<double>(histogram.count()));
  EXPECT_EQ(reference.summary[4], 27) << "doublings of";
  EXPECT_EQ(reference.summary[5], 2048) << "slots: the layout is the same";
}

/// Up to 10^11, over all decades: 37 random bits, of which up to 31 are taken away.
std::int64_t value_of_any_decade(SeededRandom& random) {
  const std::uint64_t bits = random.generator()();
  return static_cast<std::int64_t>((bits >> 27U) % Histogram::kHighest >> (bits & 31U));
}

TEST(HdrReference, HasThePercentilesOfTenMillionValues) {
  if (const std::string missing = missing_for_reference(); !missing.empty())
    return test::skip_or_fail(missing);
  SeededRandom random;
  Histogram histogram;
  for (std::size_t value = 0, count = scaled(10'000'000); value < count; ++value)
    histogram.record(value_of_any_decade(random));
  EXPECT_EQ(histogram.outside(), 0U);
  const std::string log = hdr_log_head("tunrelay", 1.7e9) + hdr_log_line({"x", 0, 1, histogram});
  expect_same_distribution(histogram, read_by_reference(log, "x"));
}

TEST(HdrReference, HasTheRoundingOfFewValues) {
  if (const std::string missing = missing_for_reference(); !missing.empty())
    return test::skip_or_fail(missing);
  SeededRandom random;
  std::vector<HdrLogInterval> written;
  std::string log = hdr_log_head("tunrelay", 1.7e9);
  for (int second = 0; second < 500; ++second) {
    Histogram histogram;
    for (std::uint64_t value = random.between(0, 30); value != 0; --value)
      histogram.record(value_of_any_decade(random), random.between(1, 2));
    written.push_back({"", second + 0.25, 1, histogram});
    log += hdr_log_line(written.back());
    log += hdr_log_line({"another", second + 0.25, 1, written.front().histogram});
  }

  const Reference reference = read_by_reference(log);
  ASSERT_EQ(reference.intervals.size(), written.size());
  Histogram sum;
  for (std::size_t at = 0; at < written.size(); ++at) {
    const Histogram& histogram = written[at].histogram;
    sum += histogram;
    const std::vector<double> expected{written[at].start_s + 1,
                                       static_cast<double>(histogram.count()),
                                       value_of(histogram, 50),
                                       value_of(histogram, 90),
                                       static_cast<double>(histogram.highest()),
                                       static_cast<double>(sum.count()),
                                       value_of(sum, 50),
                                       value_of(sum, 90),
                                       value_of(sum, 99),
                                       value_of(sum, 99.9),
                                       value_of(sum, 99.99),
                                       static_cast<double>(sum.highest())};
    ASSERT_EQ(reference.intervals[at], expected) << "interval " << at;
  }
  expect_same_distribution(sum, reference);
}

}  // namespace
}  // namespace tunrelay
