// SPDX-License-Identifier: MIT
// The stage that polices a rate: a token bucket without a queue, as tc's action `police`. What
// finds no tokens is dropped, marked or given another DSCP, and takes none.
#pragma once

#include <cstdint>

#include "packet/packet.hpp"
#include "stage/queue_config.hpp"
#include "stage/stage.hpp"

namespace tunrelay {

struct PolicerConfig {
  static constexpr std::uint64_t kMaxBurstBytes = std::uint64_t{1} << 30U;

  std::uint64_t bits_per_s = 0;
  std::uint64_t burst_bytes = 64 * 1024;  ///< the bucket, full at first; at most kMaxBurstBytes
  WireSize wire = {};
  /// Of packets beyond the rate; none: they are dropped. A mark of ECN is for those that can bear
  /// it alone, all others are dropped.
  TrafficClassChange beyond = {};

  bool operator==(const PolicerConfig&) const = default;
};

/// Works on a whole direction: StageScope::kDirection.
class Policer final : public Stage {
 public:
  explicit Policer(const PolicerConfig& config);

  [[nodiscard]] std::string_view name() const noexcept override { return "policer"; }
  void process(std::span<const Packet> packets, std::int64_t now_ns,
               StageOutput& output) noexcept override;
  [[nodiscard]] const StageDetails* details() const noexcept override { return &details_; }
  /// The tokens stay, as far as the new burst holds them.
  void take_over(Stage& former, std::int64_t now_ns) noexcept override;

 private:
  void fill(std::int64_t now_ns) noexcept;
  [[nodiscard]] bool conforms(std::uint32_t frame_bytes) noexcept;
  void treat(Packet run, StageOutput& output) noexcept;

  PolicerConfig config_;
  std::uint64_t most_tokens_;  ///< billionths of a bit
  std::uint64_t tokens_;
  std::int64_t filled_ns_ = INT64_MIN;  ///< when tokens_ were counted; INT64_MIN: never
  StageDetails details_{StageDetail::kOverRate};
};

}  // namespace tunrelay
