// SPDX-License-Identifier: MIT
// Random early detection (Floyd and Jacobson, 1993; RFC 7567 on its use) in its adaptive form
// (Floyd, Gummadi and Shenker, 2001, "Adaptive RED"): packets that come are struck with a chance
// that rises with a moving average of the backlog, and the chance at the upper threshold follows
// the load. Bytes are counted, as by Linux (include/net/red.h).
#pragma once

#include <random>

#include "stage/queue_discipline.hpp"

namespace tunrelay {

class Red final : public QueueDiscipline {
 public:
  /// CONFIG has its defaults: thresholds of 0 follow from its target and the link's rate, and a
  /// probability over 0 is kept, not adapted.
  Red(const QueueConfig& config, std::uint64_t seed);

  [[nodiscard]] QueueVerdict on_arrival(const QueueView& view) noexcept override;
  [[nodiscard]] QueueVerdict on_departure(const QueueView& view) noexcept override;

  [[nodiscard]] double average_bytes() const noexcept { return average_bytes_; }
  [[nodiscard]] double max_probability() const noexcept { return max_probability_; }

 private:
  void follow_rate(std::uint64_t bits_per_s) noexcept;
  void catch_up(std::int64_t now_ns) noexcept;
  void average(const QueueView& view) noexcept;
  /// Of this packet alone, whenever the last one was struck.
  [[nodiscard]] double strike_probability() const noexcept;
  [[nodiscard]] bool is_struck() noexcept;

  QueueConfig config_;
  std::uint64_t bits_per_s_ = 0;  ///< that the next four follow from
  double packets_per_s_ = 1;
  double weight_ = 1;
  double min_bytes_ = 0;
  double max_bytes_ = 0;
  double average_bytes_ = 0;
  double max_probability_;
  std::int64_t next_update_ns_ = 0;  ///< 0: no packet yet
  std::int64_t idle_since_ns_ = 0;   ///< when the last packet that waited had gone
  std::int64_t unstruck_ = -1;       ///< packets since the last one was struck; -1: below min
  std::mt19937_64 random_;
};

}  // namespace tunrelay
