// SPDX-License-Identifier: MIT
#include "stage/policer.hpp"

#include <algorithm>

#include "packet/ecn.hpp"

namespace tunrelay {
namespace {

// A rate in bits a second is one in billionths of a bit a nanosecond, so nothing is rounded.
constexpr std::uint64_t kBillionthsPerByte = 8 * std::uint64_t{1'000'000'000};

}  // namespace

Policer::Policer(const PolicerConfig& config)
    : config_(config),
      most_tokens_(config.burst_bytes * kBillionthsPerByte),
      tokens_(most_tokens_) {}

void Policer::fill(std::int64_t now_ns) noexcept {
  if (filled_ns_ != INT64_MIN && now_ns > filled_ns_) {
    const std::uint64_t missing = most_tokens_ - tokens_;
    const auto time_ns = static_cast<std::uint64_t>(now_ns - filled_ns_);
    tokens_ = time_ns > missing / config_.bits_per_s ? most_tokens_
                                                     : tokens_ + time_ns * config_.bits_per_s;
  }
  filled_ns_ = now_ns;
}

bool Policer::conforms(std::uint32_t frame_bytes) noexcept {
  const std::uint64_t needed = config_.wire.bytes_of(frame_bytes) * kBillionthsPerByte;
  if (needed > tokens_) return false;
  tokens_ -= needed;
  return true;
}

void Policer::treat(Packet run, StageOutput& output) noexcept {
  details_.add(StageDetail::kOverRate, run.run.count());
  const bool marks = (config_.beyond.mask & kEcnMask) != 0;
  if (!config_.beyond.any() || run.layers.ip_version == 0 || (marks && !is_ecn_capable(run)))
    return output.drop(run, DropReason::kOverRate);
  run.traffic_class.add(config_.beyond);
  output.pass(run);
}

void Policer::process(std::span<const Packet> packets, std::int64_t now_ns,
                      StageOutput& output) noexcept {
  fill(now_ns);
  for (const Packet& packet : packets)
    cut_by_fate(
        packet, output,
        [&](std::uint16_t segment) { return conforms(wire_segment_bytes(packet, segment)); },
        [&](const Packet& run, bool conforming) {
          conforming ? output.pass(run) : treat(run, output);
        });
}

void Policer::take_over(Stage& former_stage, std::int64_t now_ns) noexcept {
  auto& former = same_stage<Policer>(former_stage);
  if (former.filled_ns_ != INT64_MIN) former.fill(now_ns);
  tokens_ = std::min(former.tokens_, most_tokens_);
  filled_ns_ = former.filled_ns_;
  details_ += former.details_;
}

}  // namespace tunrelay
