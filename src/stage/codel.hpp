// SPDX-License-Identifier: MIT
// CoDel, RFC 8289: a packet is dropped where it leaves when for an interval no packet has waited
// for less than a target, and then the more often the longer that lasts. Where the RFC leaves it
// open, and for marks, it is Linux (include/net/codel_impl.h).
#pragma once

#include "stage/queue_discipline.hpp"

namespace tunrelay {

class Codel final : public QueueDiscipline {
 public:
  Codel(std::int64_t target_ns, std::int64_t interval_ns)
      : target_ns_(target_ns), interval_ns_(interval_ns) {}

  [[nodiscard]] QueueVerdict on_departure(const QueueView& view) noexcept override;
  void on_empty() noexcept override;
  /// A segment was dropped for another reason: the next ones follow the sooner (Linux,
  /// net/sched/sch_fq_codel.c: fq_codel_drop()).
  void strengthen() noexcept { ++count_; }
  void change_parameters(std::int64_t target_ns, std::int64_t interval_ns) noexcept {
    target_ns_ = target_ns;
    interval_ns_ = interval_ns;
  }

 private:
  [[nodiscard]] bool has_waited_too_long(const QueueView& view) noexcept;
  void refine_inverse_root() noexcept;
  [[nodiscard]] std::int64_t control_law(std::int64_t from_ns) const noexcept;
  QueueVerdict strike(const QueueView& view) noexcept;

  std::int64_t target_ns_;
  std::int64_t interval_ns_;
  std::int64_t first_above_ns_ = 0;  ///< 0: the last packet was below the target
  std::int64_t drop_next_ns_ = 0;
  std::uint64_t count_ = 0;       ///< drops and marks since dropping began
  std::uint64_t last_count_ = 0;  ///< count_ when it began
  double inverse_root_ = 1;       ///< about 1 / sqrt(count_)
  bool dropping_ = false;
  bool law_is_due_ = false;  ///< the last drop's successor decides whether it goes on
};

}  // namespace tunrelay
