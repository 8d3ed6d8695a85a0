// SPDX-License-Identifier: MIT
// One queue, first in, first out, under a discipline of its own: droptail, drophead, CoDel, PIE,
// RED, or none at all.
#pragma once

#include <memory>

#include "stage/backlog.hpp"
#include "stage/link_queue.hpp"

namespace tunrelay {

class FifoQueue final : public LinkQueue {
 public:
  FifoQueue(const QueueConfig& config, WireSize wire, std::uint64_t seed);

  [[nodiscard]] bool empty() const noexcept override { return runs_.empty(); }
  Tally admit(const Packet& packet, const LinkView& link, StageOutput& output) noexcept override;
  [[nodiscard]] WaitingRun* over_limit(const LinkView& link) noexcept override;
  [[nodiscard]] Departure next(std::int64_t now_ns) noexcept override;
  void took_first() noexcept override;
  void on_idle() noexcept override { discipline_->on_empty(); }
  [[nodiscard]] const StageDetails& details() const noexcept override { return details_; }
  void take_over(LinkQueue& former) noexcept override;

 private:
  QueueVerdict arrive(const Packet& packet, std::uint16_t segment, const LinkView& link) noexcept;
  [[nodiscard]] bool is_full(std::uint32_t frame_bytes, const LinkView& link) const noexcept;

  QueueConfig config_;
  std::unique_ptr<QueueDiscipline> discipline_;
  std::int64_t target_ns_;
  RunPool pool_;
  RunList runs_;
  Backlog backlog_;
  bool is_promised_ = false;  ///< the only segment goes at once, and is not counted
  StageDetails details_;
};

}  // namespace tunrelay
