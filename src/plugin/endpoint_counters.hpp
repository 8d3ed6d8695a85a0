// SPDX-License-Identifier: MIT
// What one endpoint of a user's stage has done, counted by its worker and readable by any thread.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>

#include "base/counter.hpp"
#include "plugin/frame_table.hpp"
#include "plugin/named_counters.hpp"

namespace tunrelay {

/// In frames as the stage got them: wire segments, or super-packets where it takes these. Sums
/// over queues with +=.
struct EndpointCounts {
  struct Way {
    std::uint64_t taken = 0;
    std::uint64_t passed = 0;
    std::uint64_t passed_bytes = 0;  ///< with those of frames sent
    std::uint64_t dropped = 0;
    std::uint64_t finished = 0;
    std::uint64_t sent = 0;     ///< frames of the endpoint's own
    std::uint64_t refused = 0;  ///< of these, what was not taken
    std::uint64_t taken_bytes = 0;
  };
  std::array<Way, kEndpointWays> ways;
  std::uint64_t misuses = 0;                     ///< calls of the stage that made no sense
  std::map<std::string, std::uint64_t> dropped;  ///< by reason
  std::map<std::string, std::uint64_t> counted;  ///< what the stage counts for itself
};

/// Written by the endpoint's thread alone.
struct EndpointCounters {
  struct Way {
    Counter taken;
    Counter taken_bytes;
    Counter passed;
    Counter passed_bytes;
    Counter dropped;
    Counter finished;
    Counter sent;
    Counter refused;
  };
  std::array<Way, kEndpointWays> ways;
  Counter misuses;
  NamedCounters dropped;
  NamedCounters counted;

  void add_to(EndpointCounts& sums) const {
    for (std::size_t way = 0; way < ways.size(); ++way) {
      EndpointCounts::Way& sum = sums.ways.at(way);
      sum.taken += ways.at(way).taken.get();
      sum.taken_bytes += ways.at(way).taken_bytes.get();
      sum.passed += ways.at(way).passed.get();
      sum.passed_bytes += ways.at(way).passed_bytes.get();
      sum.dropped += ways.at(way).dropped.get();
      sum.finished += ways.at(way).finished.get();
      sum.sent += ways.at(way).sent.get();
      sum.refused += ways.at(way).refused.get();
    }
    sums.misuses += misuses.get();
    dropped.add_to(sums.dropped);
    counted.add_to(sums.counted);
  }
};

}  // namespace tunrelay
