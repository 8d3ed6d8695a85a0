// SPDX-License-Identifier: MIT
#include "stage/delay.hpp"

#include <algorithm>
#include <utility>

namespace tunrelay {

Delay::Delay(const DelayConfig& config, const ImpairmentKey& key,
             std::shared_ptr<SegmentNumbers> numbers, std::size_t capacity)
    : jitter_(config, key),
      keep_order_(config.keep_order),
      overtaking_(make_reorder_hits(config.reorder, key), std::move(numbers)),
      waiting_(capacity) {}

void Delay::process(std::span<const Packet> packets, std::int64_t now_ns,
                    StageOutput& output) noexcept {
  overtaking_.cut(
      packets, output,
      [&](const Packet& run, std::uint64_t number) { enqueue(run, number, now_ns, output); },
      [&](const Packet& segment, std::uint64_t) { output.pass(segment); });
  // What is not delayed at all need not wait for another turn.
  release(now_ns, output);
}

void Delay::release(std::int64_t now_ns, StageOutput& output) noexcept {
  while (!waiting_.empty() && waiting_.next_ns() <= now_ns) output.pass(waiting_.pop());
}

void Delay::take_over(Stage& former, std::int64_t /*now_ns*/) noexcept {
  std::swap(waiting_, same_stage<Delay>(former).waiting_);
  earliest_ns_ = waiting_.last_ns();
}

void Delay::enqueue(Packet run, std::uint64_t number, std::int64_t start_ns,
                    StageOutput& output) noexcept {
  if (!jitter_.varies()) return wait(run, release_ns_of(number, start_ns), output);
  // Neighbours that are due together wait as one run.
  std::int64_t release_ns = release_ns_of(number, start_ns);
  for (auto next = static_cast<std::uint16_t>(run.run.first + 1); next < run.run.last; ++next) {
    const std::int64_t next_release_ns = release_ns_of(++number, start_ns);
    if (next_release_ns == release_ns) continue;
    wait(split_front(run, static_cast<std::uint64_t>(next - run.run.first), output), release_ns,
         output);
    release_ns = next_release_ns;
  }
  wait(run, release_ns, output);
}

void Delay::wait(const Packet& run, std::int64_t release_ns, StageOutput& output) noexcept {
  if (waiting_.full()) return output.drop(run, DropReason::kQueueMemoryFull);
  waiting_.push(run, release_ns);
}

std::int64_t Delay::release_ns_of(std::uint64_t number, std::int64_t start_ns) noexcept {
  const std::int64_t release_ns = std::max(earliest_ns_, start_ns + jitter_.delay_ns(number));
  if (!keep_order_) return release_ns;
  return last_release_ns_ = std::max(last_release_ns_, release_ns);
}

}  // namespace tunrelay
