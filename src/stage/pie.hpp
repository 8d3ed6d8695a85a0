// SPDX-License-Identifier: MIT
// PIE, RFC 8033: a packet is dropped where it comes, with a chance that a controller sets again at
// each update from how long packets wait and which way that goes. The delay is that of the last
// packet that left, by its time stamp (RFC 8033, 5.3's note and Linux's default).
#pragma once

#include <random>

#include "stage/queue_discipline.hpp"

namespace tunrelay {

class Pie final : public QueueDiscipline {
 public:
  Pie(std::int64_t target_ns, std::int64_t update_ns, std::uint64_t seed);

  [[nodiscard]] QueueVerdict on_arrival(const QueueView& view) noexcept override;
  [[nodiscard]] QueueVerdict on_departure(const QueueView& view) noexcept override;
  void on_empty() noexcept override { delay_ns_ = 0; }

  [[nodiscard]] double drop_probability() const noexcept { return probability_; }

 private:
  void catch_up(std::int64_t now_ns) noexcept;
  void update() noexcept;
  [[nodiscard]] bool is_struck(const QueueView& view) noexcept;

  std::int64_t target_ns_;
  std::int64_t update_ns_;
  std::int64_t next_update_ns_ = 0;  ///< 0: no packet yet
  std::int64_t delay_ns_ = 0;        ///< of the last packet that left
  std::int64_t old_delay_ns_ = 0;    ///< at the last update
  std::int64_t burst_allowance_ns_;
  double probability_ = 0;
  double accumulated_ = 0;  ///< probabilities since the last drop
  std::mt19937_64 random_;
};

}  // namespace tunrelay
