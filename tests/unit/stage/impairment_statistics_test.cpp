// SPDX-License-Identifier: MIT
// The impairing stages over 10^6 wire segments at a fixed seed: what they did to each against the
// model, by chi-square tests, and that it is the same for 1, 2 and 4 queues.
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "hit_statistics.hpp"
#include "impairment_fixture.hpp"
#include "stage/corrupt.hpp"
#include "stage/delay.hpp"
#include "stage/duplicate.hpp"
#include "stage/loss.hpp"

namespace tunrelay::test {
namespace {

constexpr std::uint16_t kRunSegments = 40;

/// Takes what a stage passes, one super-packet after the other, and has one space for frames of its
/// own: whoever looks does so at once.
class PassWatcher final : public StageOutput {
 public:
  std::function<void(const Packet&)> on_pass = [](const Packet&) {};
  std::function<void(const Packet&)> on_drop = [](const Packet&) {};

  void pass(const Packet& packet) noexcept override { on_pass(packet); }
  void drop(const Packet& packet, DropReason /*reason*/) noexcept override { on_drop(packet); }
  void share(const Packet& /*packet*/) noexcept override {}
  void copy(const Packet& /*packet*/) noexcept override {}
  [[nodiscard]] std::optional<FrameBuffer> take_buffer(const Packet& packet) noexcept override {
    return FrameBuffer{0, packet.queue, space_.data() + kVirtioNetHeaderBytes};
  }
  void commit(const Packet& /*packet*/) noexcept override {}
  void consume(const Packet& /*packet*/) noexcept override {}

 private:
  std::vector<std::byte> space_ = std::vector<std::byte>(1000);
};

/// kSegments of them, as one super-packet that is given again and again.
class Stream {
 public:
  /// EACH gets the number of the packet's first segment before the packet goes to the stage.
  void give_all(Stage& stage, StageOutput& output,
                const std::function<void(std::uint64_t)>& each) const {
    std::int64_t now_ns = 1;
    for (std::uint64_t first = 0; first < kSegments; first += kRunSegments, ++now_ns) {
      each(first);
      if (stage.next_deadline_ns() <= now_ns) stage.release(now_ns, output);
      stage.process({&packet(), 1}, now_ns, output);
    }
  }
  [[nodiscard]] const Packet& packet() const { return packets_.packets().front(); }
  [[nodiscard]] Bytes wire_frame(std::size_t segment) const {
    return packets_.wire_frames().at(segment);
  }

 private:
  SegmentedPackets packets_{{kRunSegments}};
};

TEST(ImpairmentStatisticsTest, LossTakesWhatItsModelTakes) {
  const Stream stream;
  const auto lost_of = [&stream](const LossConfig& config) {
    Loss loss(config, kSomeKey, new_numbers());
    PassWatcher output;
    Hits lost(kSegments);
    std::uint64_t first = 0;
    output.on_drop = [&](const Packet& packet) {
      for (std::uint16_t segment = packet.run.first; segment < packet.run.last; ++segment)
        lost[first + segment] = true;
    };
    stream.give_all(loss, output, [&](std::uint64_t number) { first = number; });
    return lost;
  };
  expect_model(MarkovModel::bernoulli(0.01), lost_of(BernoulliLoss{0.01, 0}));
  const GilbertElliottLoss two_states{0.05, 0.4, 0.7, 0.02};
  expect_model(markov_model(two_states), lost_of(two_states));
  const FourStateLoss four_states{0.05, 0.3, 0.2, 0.6, 0.02};
  expect_model(markov_model(four_states), lost_of(four_states));
}

TEST(ImpairmentStatisticsTest, DuplicateDoublesAsItsChanceSays) {
  const Stream stream;
  Duplicate duplicate({.probability = 0.03}, kSomeKey, new_numbers());
  PassWatcher output;
  std::vector<std::uint8_t> passed(kSegments);
  std::uint64_t first = 0;
  output.on_pass = [&](const Packet& packet) {
    for (std::uint16_t segment = packet.run.first; segment < packet.run.last; ++segment)
      ++passed[first + segment];
  };
  stream.give_all(duplicate, output, [&](std::uint64_t number) { first = number; });
  Hits twice(kSegments);
  for (std::uint64_t number = 0; number < kSegments; ++number) {
    ASSERT_TRUE(passed[number] == 1 || passed[number] == 2);
    twice[number] = passed[number] == 2;
  }
  expect_model(MarkovModel::bernoulli(0.03), twice);
}

/// The place of the one bit in which two frames differ; -1: none, -2: several.
int flipped_bit(std::span<const std::byte> left, std::span<const std::byte> right) {
  int flipped = -1;
  for (std::size_t at = 0; at < left.size(); ++at)
    for (int bit = 0; bit < 8; ++bit)
      if (std::to_integer<int>((left[at] ^ right[at]) >> bit) % 2 != 0)
        flipped = flipped == -1 ? static_cast<int>(8 * at) + bit : -2;
  return flipped;
}

TEST(ImpairmentStatisticsTest, CorruptFlipsEachBitAsOften) {
  const Stream stream;
  std::vector<Bytes> wire;
  for (std::size_t segment = 0; segment < kRunSegments; ++segment)
    wire.push_back(stream.wire_frame(segment));
  // The last segment is shorter: its places are not among those that are counted.
  const std::size_t bits = 8 * wire.front().size();
  Corrupt corrupt({.probability = 0.08}, kSomeKey, new_numbers());
  PassWatcher output;
  Hits corrupted(kSegments);
  std::vector<double> places(bits);
  std::uint64_t next = 0;
  output.on_pass = [&](const Packet& packet) {
    if (packet.frame == stream.packet().frame) {
      next += packet.run.count();
      return;
    }
    const Bytes& before = wire[next % kRunSegments];
    ASSERT_EQ(packet.frame_bytes, before.size());
    const int place = flipped_bit(packet.bytes(), before);
    ASSERT_GE(place, 0);
    if (before.size() == wire.front().size()) ++places[static_cast<std::size_t>(place)];
    corrupted[next++] = true;
  };
  stream.give_all(corrupt, output, [](std::uint64_t) {});
  EXPECT_EQ(next, kSegments);
  expect_model(MarkovModel::bernoulli(0.08), corrupted);
  double all = 0;
  for (const double count : places) all += count;
  EXPECT_GT(chi_square_p(places, std::vector<double>(bits, all / static_cast<double>(bits))),
            kMinP);
}

TEST(ImpairmentStatisticsTest, DelayLetsThoseOvertakeThatItsChanceAndGapSay) {
  const Stream stream;
  const ReorderConfig reorder{.probability = 0.2, .correlation = 0, .gap = 3};
  Delay delay({.delay_ns = 1, .reorder = reorder}, kSomeKey, new_numbers());
  PassWatcher output;
  Hits overtook(kSegments);
  std::uint64_t first = 0;
  bool is_queued = false;
  output.on_pass = [&](const Packet& packet) {
    if (is_queued) return;
    ASSERT_EQ(packet.run.count(), 1);
    overtook[first + packet.run.first] = true;
  };
  std::int64_t now_ns = 1;
  for (; first < kSegments; first += kRunSegments, now_ns += 2) {
    is_queued = false;
    delay.process({&stream.packet(), 1}, now_ns, output);
    is_queued = true;
    delay.release(now_ns + 1, output);
    ASSERT_EQ(delay.queued(), Tally{});
  }
  expect_model(
      MarkovModel({{0, 1, 0}, {0, 0, 1}, {0, 0, 0.8}}, {{0, 0, 0}, {0, 0, 0}, {0.2, 0, 0}}),
      overtook);
}

using StageMaker = std::function<std::unique_ptr<Stage>(std::shared_ptr<SegmentNumbers>)>;

/// What became of each wire segment: when it left, or never, and its bytes.
using Fates = std::vector<std::tuple<std::int64_t, Bytes>>;

/// PACKETS come to the queues of a direction at random, one a nanosecond, in the same order however
/// many queues there are.
Fates fates_over(std::size_t queues, const SegmentedPackets& packets, const StageMaker& make) {
  SeededRandom random(17);
  const auto numbers = new_numbers();
  std::vector<std::unique_ptr<Stage>> stages;
  for (std::size_t queue = 0; queue < queues; ++queue) stages.push_back(make(numbers));
  StageRecord record;
  std::int64_t now_ns = 1'000;
  for (const Packet& packet : packets.packets())
    record.give(*stages[random.between(0, queues - 1)], packet, ++now_ns);
  const auto next_due = [&stages] {
    return std::min_element(stages.begin(), stages.end(),
                            [](const auto& left, const auto& right) {
                              return left->next_deadline_ns() < right->next_deadline_ns();
                            })
        ->get();
  };
  for (Stage* due = next_due(); due->next_deadline_ns() != Stage::kNoDeadline; due = next_due())
    record.run(*due, due->next_deadline_ns());
  EXPECT_EQ(record.references(), 0);
  Fates fates;
  const std::vector<Bytes> frames = wire_frames_of(record.packets);
  for (std::size_t at = 0; at < frames.size(); ++at)
    fates.emplace_back(record.passed[at].when_ns, frames[at]);
  std::sort(fates.begin(), fates.end());
  return fates;
}

TEST(ImpairmentStatisticsTest, AsManyQueuesAsThereAreDecideAlike) {
  SeededRandom random;
  const auto packets = SegmentedPackets::random(random, 6'000);
  const auto of = [](auto stage_type, const auto& config) {
    using Impairment = typename decltype(stage_type)::type;
    return [config](std::shared_ptr<SegmentNumbers> numbers) -> std::unique_ptr<Stage> {
      return std::make_unique<Impairment>(config, kSomeKey, std::move(numbers));
    };
  };
  const DelayConfig delay{.delay_ns = 500'000,
                          .jitter_ns = 90'000,
                          .jitter_correlation = 0.4,
                          .shape = JitterShape::kParetoNormal,
                          .reorder = {.probability = 0.2, .correlation = 0.3, .gap = 2}};
  const std::vector<StageMaker> makers{
      of(std::type_identity<Loss>{}, LossConfig(BernoulliLoss{0.1, 0.5})),
      of(std::type_identity<Loss>{}, LossConfig(FourStateLoss{0.1, 0.5, 0.2, 0.4, 0.05})),
      of(std::type_identity<Loss>{}, LossConfig(EveryNthLoss{7})),
      of(std::type_identity<Duplicate>{}, DuplicateConfig{0.2, 0.3}),
      of(std::type_identity<Corrupt>{}, CorruptConfig{.probability = 0.1, .bits = 3}),
      of(std::type_identity<Delay>{}, delay)};
  for (std::size_t maker = 0; maker < makers.size(); ++maker) {
    const Fates alone = fates_over(1, packets, makers[maker]);
    EXPECT_FALSE(alone.empty());
    for (const std::size_t queues : {2U, 4U})
      EXPECT_EQ(fates_over(queues, packets, makers[maker]), alone) << maker << " x " << queues;
  }
}

}  // namespace
}  // namespace tunrelay::test
