// SPDX-License-Identifier: MIT
// A record: what a tunnel did over time, as data. As a file it is a line of JSON for each of these
// (record/record_text.hpp, record.schema.json):
//   header, link, interval, interval, event, link, interval ..., end
// A link line stands before the first interval whose stages are those of that link.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/direction.hpp"
#include "base/drops.hpp"
#include "base/tally.hpp"
#include "link/link_series.hpp"

namespace tunrelay {

/// All times of a record count from when the tunnel was ready, in ns.
struct RecordHeader {
  std::string format = "tunrelay-record";
  int version = 1;
  std::string program;  ///< name and version of what wrote it
  std::string started_utc;
  std::string title;                             ///< what was recorded, in words; may be empty
  std::array<std::string, kDirections> devices;  ///< a, b
  std::size_t queues = 1;
  std::uint32_t mtu_bytes = 0;
  std::int64_t interval_ns = 0;  ///< what was asked for; a line says what it was
};

struct RecordLink {
  std::int64_t at_ns = 0;
  std::uint64_t seed = 0;
  /// Canonical texts of the stages, in the order in which packets meet them.
  std::array<std::vector<std::string>, kDirections> stages;
};

/// What one direction did in an interval. Over all intervals of a record that began with the
/// tunnel: read + made == written + dropped + what is queued at the end.
struct DirectionInterval {
  Tally read;
  Tally made;  ///< by stages
  Tally written;
  Drops dropped;
  Tally queued;  ///< by stages, at the interval's end
  std::vector<StageInterval> stages;
};

/// What one direction of a flow did in an interval.
struct FlowDirectionInterval {
  Tally read;
  Tally written;
  Tally dropped;                             ///< in the relay
  std::uint64_t retransmitted_segments = 0;  ///< TCP, as read
  std::uint64_t rtts = 0;        ///< round trips that ended, seen at the sender's device
  std::int64_t mean_rtt_ns = 0;  ///< of these

  bool operator==(const FlowDirectionInterval&) const = default;
};

struct FlowInterval {
  std::string protocol;  ///< tcp, udp
  std::string a, b;      ///< address and port at each end
  std::array<FlowDirectionInterval, kDirections> directions;

  bool operator==(const FlowInterval&) const = default;
};

struct RecordInterval {
  std::int64_t from_ns = 0;
  std::int64_t to_ns = 0;
  std::array<DirectionInterval, kDirections> directions;
  std::vector<std::uint64_t> worker_cpu_ns;  ///< CPU time of each queue's worker
  /// Where flows are counted: the largest of those that did something in the last FLOWS_NS until
  /// to_ns. That is the interval, or more where it is short: then intervals between have none.
  std::int64_t flows_ns = 0;
  std::vector<FlowInterval> flows{};
};

struct RecordEvent {
  std::int64_t at_ns = 0;
  std::string kind;  ///< note, broken, repaired, gone, capture, scenario, mark
  std::string text;
};

/// The last line of a record that was not cut short.
struct RecordEnd {
  std::int64_t at_ns = 0;
  std::uint64_t intervals = 0;
};

/// A whole file.
struct Record {
  RecordHeader header;
  std::vector<RecordLink> links;
  std::vector<RecordInterval> intervals;
  std::vector<RecordEvent> events;
  std::optional<RecordEnd> end;  ///< nothing: it was cut short

  /// The link that INTERVAL's stages are of. There is one.
  [[nodiscard]] const RecordLink& link_of(const RecordInterval& interval) const;
};

}  // namespace tunrelay
