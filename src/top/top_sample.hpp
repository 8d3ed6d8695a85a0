// SPDX-License-Identifier: MIT
// What `tunrelay top` knows of a relay: the newest interval, the rates of flows, and the way that
// throughput has taken. From the answers of a relay; nothing is counted here.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "base/direction.hpp"
#include "record/record.hpp"

namespace tunrelay {

struct TopFlow {
  std::string name;                              ///< "tcp 192.168.13.1:40000 > 192.168.13.2:5201"
  std::array<double, kDirections> bits_per_s{};  ///< in the interval, as read
  std::int64_t rtt_ns = 0;                       ///< p50 so far; 0: not known
  std::uint64_t retransmitted_segments = 0;      ///< both ways, so far
  std::uint64_t dropped_segments = 0;            ///< in the relay, so far
};

/// What is drawn of one interval.
struct TopPoint {
  double bits_per_s = 0;                      ///< written
  std::optional<double> capacity_bits_per_s;  ///< of the slowest stage; nothing: not limited
};

struct TopSample {
  std::string version;
  std::array<std::string, kDirections> devices;  ///< a, b
  std::array<std::string, kDirections> link;     ///< stages as text, by direction
  std::array<std::vector<std::string>, kDirections> stages;
  bool is_path_proven = false;
  RecordInterval interval;
  bool counts_flows = false;
  std::uint64_t flows_seen = 0;
  std::vector<TopFlow> flows;

  [[nodiscard]] double seconds() const noexcept;  ///< of the interval
  [[nodiscard]] TopPoint point(std::size_t direction) const;
  /// The stage that stands for the direction: the slowest link of limited speed, else the one that
  /// takes longest. Nothing where there is no stage.
  [[nodiscard]] std::optional<std::size_t> main_stage(std::size_t direction) const;
};

/// The newest sample, and points of earlier ones.
class TopHistory {
 public:
  /// As many as the widest terminal has columns.
  static constexpr std::size_t kMaxPoints = 1'024;

  /// Of a relay's answer to "interval" (control/tunnel_service.hpp). Throws
  /// nlohmann::json::exception where it is none.
  void take(const nlohmann::json& answer);

  [[nodiscard]] const TopSample& newest() const noexcept { return newest_; }
  /// The oldest first.
  [[nodiscard]] const std::deque<TopPoint>& points(std::size_t direction) const {
    return points_.at(direction);
  }

 private:
  TopSample newest_;
  std::array<std::deque<TopPoint>, kDirections> points_;
  std::map<std::string, std::array<std::uint64_t, kDirections>> flow_bytes_;  ///< by name
};

}  // namespace tunrelay
