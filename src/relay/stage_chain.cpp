// SPDX-License-Identifier: MIT
#include "relay/stage_chain.hpp"

#include <algorithm>
#include <utility>

#include "base/ensure.hpp"
#include "packet/batch.hpp"
#include "stage/forwarding_output.hpp"

namespace tunrelay {
namespace {

/// How many of PACKETS go through all stages before the others: what one stage has looked at is in
/// this CPU's cache then, and what it has shown of them, when another looks.
std::size_t count_in_cache(std::span<const Packet> packets) noexcept {
  constexpr std::size_t kBytes = 128 * 1024;
  std::size_t bytes = 0;
  for (std::size_t count = 0; count < packets.size(); ++count) {
    if (bytes >= kBytes) return count;
    bytes += packets[count].frame_bytes;
  }
  return packets.size();
}

}  // namespace

/// Gathers what one stage passes and hands it on in batches.
class StageChain::Link final : public ForwardingOutput {
 public:
  Link(StageChain& chain, std::size_t next, StageOutput& exit)
      : ForwardingOutput(exit), chain_(chain), next_(next) {}

  void pass(const Packet& packet) noexcept override {
    if (batch_.full()) flush();
    batch_.push(packet);
  }
  void flush() noexcept {
    if (batch_.empty()) return;
    if (next_ == chain_.stages_.size())
      for (const Packet& packet : batch_) output().pass(packet);
    else
      chain_.enter(next_, {batch_.begin(), batch_.size()});
    batch_.clear();
  }

 private:
  StageChain& chain_;
  std::size_t next_;  ///< index of the stage that follows; their number: the exit
  Batch batch_;
};

StageChain::StageChain(std::vector<std::unique_ptr<Stage>> stages, StageOutput& exit)
    : stages_(std::move(stages)) {
  for (std::size_t stage = 0; stage < stages_.size(); ++stage)
    links_.push_back(std::make_unique<Link>(*this, stage + 1, exit));
}

StageChain::~StageChain() = default;

void StageChain::process(std::span<const Packet> packets, std::int64_t now_ns) noexcept {
  now_ns_ = now_ns;
  do {
    const std::size_t count = count_in_cache(packets);
    for (std::size_t stage = 0; stage < stages_.size(); ++stage) {
      enter(stage, stage == 0 ? packets.first(count) : std::span<const Packet>{});
      links_[stage]->flush();
    }
    packets = packets.subspan(count);
  } while (!packets.empty());
}

void StageChain::flush(std::int64_t now_ns) noexcept {
  // Deadlines are met one after the other, in a time that runs ahead, so that stages see what
  // they would see if it passed. A stage that queues packets by deadlines which let nothing out
  // must not keep the worker for ever.
  constexpr int kMaxDeadlines = 1 << 16;
  for (int deadlines = 0; deadlines < kMaxDeadlines && queued() != Tally{}; ++deadlines) {
    const std::int64_t deadline_ns = deadline().due_ns;
    if (deadline_ns == Stage::kNoDeadline) return;
    now_ns = std::max(now_ns, deadline_ns);
    process({}, now_ns);
  }
}

void StageChain::change(StageSuccessors& successors, std::int64_t now_ns) noexcept {
  ensure(successors.size() == stages_.size(), "each stage of a chain has a successor or none");
  for (std::size_t stage = 0; stage < stages_.size(); ++stage) {
    if (!successors[stage]) continue;
    successors[stage]->take_over(*stages_[stage], now_ns);
    std::swap(successors[stage], stages_[stage]);
  }
}

void StageChain::enter(std::size_t stage, std::span<const Packet> packets) noexcept {
  // What was queued goes before what just came, so that a stage that keeps order can do so.
  if (stages_[stage]->next_deadline_ns() <= now_ns_)
    stages_[stage]->release(now_ns_, *links_[stage]);
  if (!packets.empty()) stages_[stage]->process(packets, now_ns_, *links_[stage]);
}

Deadline StageChain::deadline() const noexcept {
  Deadline earliest;
  for (const auto& stage : stages_)
    earliest.join({stage->next_deadline_ns(), stage->latest_release_ns()});
  return earliest;
}

Tally StageChain::queued() const noexcept {
  Tally queued;
  for (const auto& stage : stages_) queued += stage->queued();
  return queued;
}

}  // namespace tunrelay
