// SPDX-License-Identifier: MIT
#include "stage/link_queue.hpp"

#include <algorithm>

#include "stage/dual_pi2.hpp"
#include "stage/fifo_queue.hpp"
#include "stage/fq_codel.hpp"

namespace tunrelay {
namespace {

constexpr std::size_t kMinRuns = 1024;
constexpr std::size_t kMaxRuns = 65536;
// As many small packets as the queue memory holds by default.
constexpr std::size_t kInfiniteRuns = std::size_t{1} << 20U;

}  // namespace

std::size_t run_capacity(const QueueConfig& config) {
  if (config.kind == QueueKind::kInfinite) return kInfiniteRuns;
  const std::size_t wanted =
      config.limit_unit == QueueLimitUnit::kPackets ? config.limit : kMaxRuns;
  // One goes to an idle link beyond the limit.
  return std::clamp(wanted, kMinRuns, kMaxRuns) + 2;
}

void LinkQueue::take_over(LinkQueue& former) noexcept {
  details_ += former.details_;
  if (take_over_same(former)) return;
  // In one pool, as large as the larger of the two.
  const bool stays = former.pool().capacity() > pool().capacity();
  if (stays) std::swap(former.pool(), pool());
  RunPool& from = stays ? pool() : former.pool();
  while (const auto run = former.remove_next(from)) keep(*run);
}

std::unique_ptr<LinkQueue> make_link_queue(const QueueConfig& config, WireSize wire,
                                           std::uint64_t seed) {
  const QueueConfig complete = with_defaults(config);
  if (complete.kind == QueueKind::kFqCodel) return std::make_unique<FqCodel>(complete, wire, seed);
  if (complete.kind == QueueKind::kDualPi2) return std::make_unique<DualPi2>(complete, wire, seed);
  return std::make_unique<FifoQueue>(complete, wire, seed);
}

}  // namespace tunrelay
