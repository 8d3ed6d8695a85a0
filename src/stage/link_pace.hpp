// SPDX-License-Identifier: MIT
// How fast a link carries packets: when it can take the next one, and when that is through. All
// times are virtual: what comes out depends on what was put in, not on when we were woken.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace tunrelay {

/// One link; used by one thread. Packets are put in one after the other: begin(), then finish().
class LinkPace {
 public:
  static constexpr std::int64_t kNever = INT64_MAX;

  virtual ~LinkPace() = default;
  /// The first moment from EARLIEST_NS on at which the link takes a packet, or kNever. May be
  /// called again before finish(), with the same or a later moment.
  [[nodiscard]] virtual std::int64_t begin(std::int64_t earliest_ns) noexcept = 0;
  /// Puts a packet of WIRE_BYTES (1 to 2^20) in at BEGIN_NS, which begin() gave. Returns when its
  /// last bit is through, or kNever.
  virtual std::int64_t finish(std::uint32_t wire_bytes, std::int64_t begin_ns) noexcept = 0;
  /// About how many bits a second it carries at that moment; for a queue's limit in time.
  [[nodiscard]] virtual std::uint64_t bits_per_s(std::int64_t now_ns) noexcept = 0;
  /// The bits that it could have carried from FROM_NS (included) to TO_NS, whatever was put in.
  [[nodiscard]] virtual std::uint64_t offered_bits(std::int64_t from_ns,
                                                   std::int64_t to_ns) const noexcept = 0;
  /// The same link had FORMER's pace until NOW_NS: what an idle link may carry at once is what it
  /// had saved up by then; a busy one (IS_IDLE false) has saved nothing. By default nothing is
  /// saved up at all.
  virtual void follow(LinkPace& /*former*/, std::int64_t /*now_ns*/, bool /*is_idle*/) noexcept {}
};

/// A rate that may change in steps: a token bucket whose tokens are counted in billionths of a
/// bit, so that no packet's rounding is left over for the next.
class RatePace final : public LinkPace {
 public:
  /// Above any link's rate, and within what the arithmetic holds.
  static constexpr std::uint64_t kMaxBitsPerS = 10'000'000'000'000;

  struct Step {
    std::int64_t start_ns = 0;
    std::uint64_t bits_per_s = 0;  ///< at most kMaxBitsPerS; 0: the link stands still

    bool operator==(const Step&) const = default;
  };

  /// STEPS: at least one, of ascending starts that count from ORIGIN_NS; before the first one, its
  /// rate holds too. With PERIOD_NS, which is over the last start, they begin again after it;
  /// with 0 the last one stays. A link that was idle carries BURST_BYTES at once, as `tbf` does.
  RatePace(std::vector<Step> steps, std::int64_t period_ns, std::int64_t origin_ns,
           std::uint64_t burst_bytes);

  [[nodiscard]] std::int64_t begin(std::int64_t earliest_ns) noexcept override;
  std::int64_t finish(std::uint32_t wire_bytes, std::int64_t begin_ns) noexcept override;
  [[nodiscard]] std::uint64_t bits_per_s(std::int64_t now_ns) noexcept override;
  [[nodiscard]] std::uint64_t offered_bits(std::int64_t from_ns,
                                           std::int64_t to_ns) const noexcept override;
  /// The tokens of a former rate stay, as far as this burst holds them.
  void follow(LinkPace& former, std::int64_t now_ns, bool is_idle) noexcept override;

 private:
  /// A moment's rate, and until when it holds.
  struct Level {
    std::uint64_t bits_per_s = 0;
    std::int64_t until_ns = kNever;
  };
  [[nodiscard]] Level level_at(std::int64_t now_ns) const noexcept;
  void fill_bucket(std::int64_t now_ns) noexcept;

  std::vector<Step> steps_;
  std::int64_t period_ns_;
  std::int64_t origin_ns_;
  std::uint64_t most_tokens_;  ///< billionths of a bit
  std::uint64_t tokens_;       ///< at filled_ns_
  std::int64_t filled_ns_;
};

/// mahimahi's packet-delivery trace: at each listed moment the link carries 1504 bytes of what
/// waits, the rest of a packet at the next one; what is not used is lost. The list repeats.
class OpportunityPace final : public LinkPace {
 public:
  /// What mahimahi's link-shell carries at each opportunity: an MTU and its TUN header.
  static constexpr std::uint32_t kOpportunityBytes = 1504;

  /// TIMES_NS: ascending (equal ones allowed), from 0, the last one over 0; from ORIGIN_NS on.
  /// The last one is the period.
  OpportunityPace(std::shared_ptr<const std::vector<std::int64_t>> times_ns,
                  std::int64_t origin_ns);

  [[nodiscard]] std::int64_t begin(std::int64_t earliest_ns) noexcept override;
  std::int64_t finish(std::uint32_t wire_bytes, std::int64_t begin_ns) noexcept override;
  [[nodiscard]] std::uint64_t bits_per_s(std::int64_t now_ns) noexcept override;
  [[nodiscard]] std::uint64_t offered_bits(std::int64_t from_ns,
                                           std::int64_t to_ns) const noexcept override;

 private:
  void seek(std::int64_t earliest_ns) noexcept;
  void step() noexcept;
  [[nodiscard]] std::int64_t now_ns() const noexcept { return round_ns_ + (*times_ns_)[next_]; }

  /// Opportunities from the origin until just before TIME_NS; below 0 before the origin.
  [[nodiscard]] std::int64_t opportunities_before(std::int64_t time_ns) const noexcept;

  std::shared_ptr<const std::vector<std::int64_t>> times_ns_;  ///< of all paces of a trace
  std::int64_t origin_ns_;
  std::int64_t round_ns_;                         ///< when this round of the list began
  std::size_t next_ = 0;                          ///< the opportunity at hand
  std::uint32_t left_bytes_ = kOpportunityBytes;  ///< of it
};

}  // namespace tunrelay
