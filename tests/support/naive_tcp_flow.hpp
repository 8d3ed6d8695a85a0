// SPDX-License-Identifier: MIT
// What TcpAnalysis finds out, found out the slow way: one direction of a connection, every number
// of its stream remembered, without limits. Numbers are offsets into the stream and never wrap.
#pragma once

#include <algorithm>
#include <cstdint>
#include <set>
#include <vector>

namespace tunrelay::test {

class NaiveTcpFlow {
 public:
  /// Part of the stream, [begin, end), in wire segments of at most SEGMENT_BYTES.
  struct Run {
    std::uint64_t begin = 0;
    std::uint64_t end = 0;
    std::uint64_t segment_bytes = 1;
  };
  /// The data as seen at one device.
  struct View {
    struct Sent {
      std::uint64_t begin = 0, end = 0;
      std::int64_t time_ns = 0;
      bool again = false;
    };
    std::uint64_t next = 0;
    std::uint64_t acknowledged = 0;
    bool has_hole = false;
    std::uint64_t acks_without_rtt = 0;
    std::vector<Sent> sent;
    // Found out.
    std::uint64_t rtt_count = 0;
    std::int64_t rtt_sum_ns = 0;

    void send(const Run& run, std::int64_t now_ns);
    void acknowledge(std::uint64_t number, bool has_sack, std::int64_t now_ns);
  };

  void read(const Run& run, std::int64_t now_ns);
  void written(const Run& run, std::int64_t now_ns);
  /// All below NUMBER is acknowledged, by a segment without data.
  void ack_read(std::uint64_t number, bool has_sack, std::int64_t now_ns);
  void ack_written(std::uint64_t number, bool has_sack, std::int64_t now_ns);

  View at_source, at_target;
  std::uint64_t retransmitted_segments = 0, retransmitted_bytes = 0, spurious_segments = 0;
  std::uint64_t out_of_order_segments = 0, duplicate_segments = 0, duplicate_acks = 0;
  std::uint64_t in_flight_peak = 0;

 private:
  std::set<std::uint64_t> sent_again_, delivered_;
};

inline void NaiveTcpFlow::View::send(const Run& run, std::int64_t now_ns) {
  for (Sent& one : sent)
    if (std::max({one.begin, acknowledged, run.begin}) < std::min({one.end, run.end, next}))
      one.again = true;
  if (run.end <= next) return;
  sent.push_back({std::max(run.begin, next), run.end, now_ns});
  next = run.end;
}

inline void NaiveTcpFlow::View::acknowledge(std::uint64_t number, bool has_sack,
                                            std::int64_t now_ns) {
  if (number <= acknowledged) {
    if (number == acknowledged && acknowledged < next) has_hole = true;
    return;
  }
  const bool was_held_up = has_hole || has_sack;
  has_hole = has_sack;
  acknowledged = number;
  acks_without_rtt = was_held_up ? 0 : acks_without_rtt + 1;
  for (const Sent& one : sent)
    if (one.begin < number && number <= one.end && !one.again && acks_without_rtt != 0) {
      rtt_count += acks_without_rtt;
      rtt_sum_ns += static_cast<std::int64_t>(acks_without_rtt) * (now_ns - one.time_ns);
      acks_without_rtt = 0;
    }
}

inline void NaiveTcpFlow::read(const Run& run, std::int64_t now_ns) {
  for (std::uint64_t begin = run.begin; begin < run.end; begin += run.segment_bytes) {
    const std::uint64_t end = std::min(begin + run.segment_bytes, run.end);
    if (begin >= at_source.next) break;
    ++retransmitted_segments;
    if (end <= at_source.acknowledged) ++spurious_segments;
    for (std::uint64_t number = begin; number < std::min(end, at_source.next); ++number) {
      ++retransmitted_bytes;
      sent_again_.insert(number);
    }
  }
  at_source.send(run, now_ns);
  in_flight_peak = std::max(in_flight_peak, at_source.next - at_source.acknowledged);
}

inline void NaiveTcpFlow::written(const Run& run, std::int64_t now_ns) {
  for (std::uint64_t begin = run.begin; begin < run.end; begin += run.segment_bytes) {
    const std::uint64_t end = std::min(begin + run.segment_bytes, run.end);
    bool is_new = false;
    bool was_sent_again = false;
    for (std::uint64_t number = begin; number < std::min(end, at_target.next); ++number) {
      is_new = is_new || !delivered_.contains(number);
      was_sent_again = was_sent_again || sent_again_.contains(number);
    }
    if (begin < at_target.next) {
      if (!is_new) ++duplicate_segments;
      if (is_new && !was_sent_again) ++out_of_order_segments;
    }
    for (std::uint64_t number = begin; number < end; ++number) delivered_.insert(number);
  }
  at_target.send(run, now_ns);
}

inline void NaiveTcpFlow::ack_read(std::uint64_t number, bool has_sack, std::int64_t now_ns) {
  if (number == at_target.acknowledged && number < at_target.next) ++duplicate_acks;
  at_target.acknowledge(number, has_sack, now_ns);
}

inline void NaiveTcpFlow::ack_written(std::uint64_t number, bool has_sack, std::int64_t now_ns) {
  at_source.acknowledge(number, has_sack, now_ns);
}

}  // namespace tunrelay::test
