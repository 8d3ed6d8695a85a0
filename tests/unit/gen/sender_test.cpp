// SPDX-License-Identifier: MIT
// What a sending thread hands to its sockets.
#include "gen/sender.hpp"

#include <gmock/gmock.h>

#include <atomic>
#include <map>
#include <vector>

#include "base/clock.hpp"

namespace tunrelay {
namespace {

using ::testing::UnorderedElementsAre;

/// Remembers how large the messages of each flow were.
class SizesOutlet final : public SocketSender {
 public:
  int send(std::size_t flow_index, const MessageHeader& /*header*/, std::uint32_t size_bytes,
           std::uint32_t /*count*/) noexcept override {
    sizes_[flow_index].push_back(size_bytes);
    return 0;
  }
  [[nodiscard]] const std::vector<std::uint32_t>& of_flow(std::size_t flow) { return sizes_[flow]; }

 private:
  std::map<std::size_t, std::vector<std::uint32_t>> sizes_;
};

TEST(SenderTest, EachFlowHasAllSizes) {
  LoadSpec spec;
  spec.flows = 2;
  spec.payload_bytes = {100, 200, 300, 400};
  spec.count = 8;
  const std::atomic<bool> stop{false};
  SizesOutlet outlet;
  Sender sender(spec, {.trial = 1, .thread = 0, .begin_ns = monotonic_ns()}, outlet, stop);
  sender.run();
  for (const std::size_t flow : {0U, 1U})
    EXPECT_THAT(outlet.of_flow(flow), UnorderedElementsAre(100, 200, 300, 400)) << flow;
  EXPECT_NE(outlet.of_flow(0).front(), outlet.of_flow(1).front());
}

}  // namespace
}  // namespace tunrelay
