// SPDX-License-Identifier: MIT
// How packets go through a chain of stages: all of them, in order, and no more at once than a
// CPU's cache keeps.
#include "relay/stage_chain.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "support/counting_output.hpp"

namespace tunrelay::test {
namespace {

/// Passes all, and notes which packets of what bytes it was given in one call.
class NotingStage final : public Stage {
 public:
  NotingStage(char name, std::string& calls, std::vector<std::uint64_t>& ids)
      : name_(name), calls_(calls), ids_(ids) {}
  [[nodiscard]] std::string_view name() const noexcept override { return "noting"; }
  void process(std::span<const Packet> packets, std::int64_t /*now_ns*/,
               StageOutput& output) noexcept override {
    calls_ += name_ + std::to_string(packets.size());
    for (const Packet& packet : packets) {
      ids_.push_back(packet.id);
      output.pass(packet);
    }
  }

 private:
  char name_;
  std::string& calls_;
  std::vector<std::uint64_t>& ids_;
};

class StageChainTest : public ::testing::Test {
 protected:
  /// What the two stages of a chain are given of COUNT packets of BYTES each.
  std::string calls_for(std::size_t count, std::uint32_t bytes) {
    std::vector<Packet> packets(count);
    for (std::size_t at = 0; at < count; ++at) {
      packets[at].id = at;
      packets[at].frame_bytes = bytes;
    }
    std::string calls;
    std::array<std::vector<std::uint64_t>, 2> ids;
    std::vector<std::unique_ptr<Stage>> stages;
    stages.push_back(std::make_unique<NotingStage>('a', calls, ids[0]));
    stages.push_back(std::make_unique<NotingStage>('b', calls, ids[1]));
    StageChain chain(std::move(stages), output_);
    chain.process(packets, 1);
    std::vector<std::uint64_t> all(count);
    for (std::size_t at = 0; at < count; ++at) all[at] = at;
    EXPECT_EQ(ids[0], all);
    EXPECT_EQ(ids[1], all);
    return calls;
  }

  CountingOutput output_;
};

TEST_F(StageChainTest, SmallPacketsGoTogether) {
  EXPECT_EQ(calls_for(128, 1000), "a128b128");
}

TEST_F(StageChainTest, LargeOnesGoThroughAllStagesAFewAtATime) {
  EXPECT_EQ(calls_for(5, 64 * 1024), "a2b2a2b2a1b1");
}

}  // namespace
}  // namespace tunrelay::test
