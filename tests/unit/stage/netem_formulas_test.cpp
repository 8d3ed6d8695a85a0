// SPDX-License-Identifier: MIT
// What tc-netem(8) means by the same arguments: the stages against its formulas written down
// plainly, and against the tables that iproute2 brings for it.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "hit_statistics.hpp"
#include "impairment_fixture.hpp"
#include "os/input_file.hpp"
#include "stage/jitter.hpp"
#include "stage/link_pace.hpp"
#include "stage/queue_config.hpp"
#include "support/skip.hpp"

namespace tunrelay::test {
namespace {

/// get_crandom() and init_crandom() of net/sched/sch_netem.c; rho as tc has it: of UINT32_MAX.
class PlainCrandom {
 public:
  PlainCrandom(std::uint32_t rho, std::uint32_t last) : rho_(rho), last_(last) {}
  std::uint32_t next(std::uint64_t value) {
    const std::uint64_t rho = std::uint64_t{rho_} + 1;
    last_ = static_cast<std::uint32_t>((value * ((1ULL << 32) - rho) + last_ * rho) >> 32);
    return last_;
  }

 private:
  std::uint32_t rho_;
  std::uint32_t last_;
};

TEST(NetemFormulasTest, CorrelatedNumbersAreMixedAsItMixesThem) {
  const RandomStream stream(kSomeKey, 0);
  for (const double correlation : {0.001, 0.25, 0.7, 0.99, 1.0}) {
    CorrelatedDraw draw(stream, correlation);
    PlainCrandom plain(static_cast<std::uint32_t>(correlation * 4294967295.0),
                       stream.at(~std::uint64_t{0})[0]);
    for (std::uint64_t number = 0; number < 10'000; ++number)
      // The correlation's last bit is rounded in one and cut off in the other.
      ASSERT_NEAR(draw.draw(number), plain.next(stream.at(number)[0]), 1000)
          << correlation << " at " << number;
  }
}

TEST(NetemFormulasTest, ACorrelationOfOneRepeatsItself) {
  CorrelatedDraw draw(RandomStream(kSomeKey, 0), 1);
  const std::uint32_t first = draw.draw(0);
  for (std::uint64_t number = 1; number < 100'000; ++number) ASSERT_EQ(draw.draw(number), first);
}

/// The folder of iproute2's tables; empty where there is none.
std::filesystem::path table_folder() {
  std::vector<std::filesystem::path> folders{"/usr/lib/tc", "/usr/share/tc", "/usr/lib64/tc"};
  for (const auto& entry : std::filesystem::directory_iterator("/usr/lib"))
    folders.push_back(entry.path() / "tc");
  for (const auto& folder : folders)
    if (std::filesystem::exists(folder / "paretonormal.dist")) return folder;
  return {};
}

TEST(NetemFormulasTest, TheShapesAreThoseOfItsTables) {
  const std::filesystem::path folder = table_folder();
  if (folder.empty()) return skip_or_fail("iproute2's delay tables are not installed");
  constexpr std::array<std::pair<const char*, JitterShape>, 3> kShapes{
      {{"normal", JitterShape::kNormal},
       {"pareto", JitterShape::kPareto},
       {"paretonormal", JitterShape::kParetoNormal}}};
  for (const auto& [name, shape] : kShapes) {
    std::vector<std::int16_t> theirs = parse_delay_table(
        read_whole_file(folder / (std::string(name) + ".dist"), "read the table", 1 << 20));
    std::vector<std::int16_t> ours = make_jitter_table(shape);
    std::sort(theirs.begin(), theirs.end());
    std::sort(ours.begin(), ours.end());
    ASSERT_EQ(theirs.size(), ours.size());
    // Theirs are rounded to where a step of their own begins: up to a step of ours beside it.
    for (std::size_t at = 40; at + 40 < ours.size(); ++at)
      ASSERT_TRUE(ours[at] >= theirs[at - 2] - 2 && ours[at] <= theirs[at + 2] + 2)
          << name << " at " << at << ": " << ours[at] << ", theirs " << theirs[at];
  }
}

/// As often as many equally likely places are hit, each.
double evenness_p(const std::vector<double>& seen) {
  double all = 0;
  for (const double count : seen) all += count;
  return chi_square_p(seen,
                      std::vector<double>(seen.size(), all / static_cast<double>(seen.size())));
}

TEST(NetemFormulasTest, JitterIsDrawnEvenlyFromItsRangeOrTable) {
  constexpr std::int64_t kDelayNs = 50'000;
  // A nanosecond each, from delay - jitter on.
  Jitter uniform({.delay_ns = kDelayNs, .jitter_ns = 500}, kSomeKey);
  std::vector<double> uniform_seen(100);
  for (std::uint64_t number = 0; number < kSegments; ++number) {
    const std::int64_t off_ns = uniform.delay_ns(number) - kDelayNs + 500;
    ASSERT_GE(off_ns, 0);
    ASSERT_LE(off_ns, 1000);
    // What is rounded up to the end belongs to the last.
    ++uniform_seen[static_cast<std::size_t>(std::min<std::int64_t>(off_ns / 10, 99))];
  }
  // A range of 1001 whole nanoseconds of which the outer ones are half as likely.
  std::vector<double> uniform_expected(100, kSegments / 100.0);
  uniform_expected.front() -= kSegments / 2000.0;
  uniform_expected.back() += kSegments / 2000.0;
  EXPECT_GT(chi_square_p(uniform_seen, uniform_expected), kMinP);

  DelayConfig config{.delay_ns = kDelayNs, .jitter_ns = 8192, .shape = JitterShape::kTable};
  for (int value = 0; value < 1000; ++value)
    config.table.push_back(static_cast<std::int16_t>(value));
  Jitter table(config, kSomeKey);
  std::vector<double> table_seen(1000);
  for (std::uint64_t number = 0; number < kSegments; ++number)
    ++table_seen.at(static_cast<std::size_t>(table.delay_ns(number) - kDelayNs));
  EXPECT_GT(evenness_p(table_seen), kMinP);
}

/// packet_time_ns() there; its rate is in bytes a second.
std::uint64_t plain_packet_time_ns(std::uint64_t frame_bytes, std::int64_t overhead,
                                   std::uint64_t cell, std::uint64_t cell_overhead,
                                   std::uint64_t bytes_per_s) {
  std::uint64_t bytes =
      static_cast<std::uint64_t>(static_cast<std::int64_t>(frame_bytes) + overhead);
  if (cell != 0) {
    std::uint64_t cells = bytes / cell;
    if (bytes > cells * cell) ++cells;
    bytes = cells * (cell + cell_overhead);
  }
  return bytes * 1'000'000'000 / bytes_per_s;
}

TEST(NetemFormulasTest, ARateTakesAsLongForEachPacket) {
  SeededRandom random;
  for (std::size_t times = scaled(20'000); times > 0; --times) {
    const auto frame_bytes = static_cast<std::uint32_t>(random.between(60, 65'000));
    const auto overhead = static_cast<std::int32_t>(random.between(0, 80)) - 40;
    const auto cell = static_cast<std::uint32_t>(random.chance(0.5) ? random.between(1, 300) : 0);
    const auto cell_overhead = static_cast<std::uint32_t>(random.between(0, 20));
    const std::uint64_t bytes_per_s = random.between(1'000, 1'000'000'000);
    const WireSize wire{overhead, cell, cell == 0 ? 0 : cell_overhead};
    RatePace pace({{0, 8 * bytes_per_s}}, 0, 0, 0);
    const std::int64_t took_ns = pace.finish(wire.bytes_of(frame_bytes), 0);
    const auto plain = static_cast<std::int64_t>(
        plain_packet_time_ns(frame_bytes, overhead, cell, cell_overhead, bytes_per_s));
    // It cuts off parts of a nanosecond; here the packet is not through before they have passed.
    ASSERT_TRUE(took_ns == plain || took_ns == plain + 1) << took_ns << " " << plain;
  }
}

}  // namespace
}  // namespace tunrelay::test
