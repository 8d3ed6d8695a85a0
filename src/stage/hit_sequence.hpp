// SPDX-License-Identifier: MIT
// Which wire segments of a direction a stage acts on, as a rising sequence of their numbers. It
// depends on the configuration and the key alone: every lane of a direction follows the whole
// sequence by itself, and acts on the numbers that are its own.
#pragma once

#include <cstdint>
#include <memory>

#include "stage/delay_config.hpp"
#include "stage/impairment_key.hpp"
#include "stage/loss_config.hpp"

namespace tunrelay {

/// Used by one thread. Segments are numbered from 0.
class HitSequence {
 public:
  virtual ~HitSequence() = default;
  /// The first hit from FROM on, below END; END when there is none. FROM never goes back.
  [[nodiscard]] virtual std::uint64_t next(std::uint64_t from, std::uint64_t end) noexcept = 0;
};

/// Whether each is hit is drawn with PROBABILITY; netem's correlation.
[[nodiscard]] std::unique_ptr<HitSequence> make_chance_hits(double probability, double correlation,
                                                            const ImpairmentKey& key);
/// The segments that are lost.
[[nodiscard]] std::unique_ptr<HitSequence> make_loss_hits(const LossConfig& config,
                                                          const ImpairmentKey& key);
/// The segments that overtake.
[[nodiscard]] std::unique_ptr<HitSequence> make_reorder_hits(const ReorderConfig& config,
                                                             const ImpairmentKey& key);

}  // namespace tunrelay
