// SPDX-License-Identifier: MIT
#include "tunnel/relay_accounts.hpp"

#include <fmt/format.h>
#include <time.h>

#include "base/clock.hpp"

namespace tunrelay {
namespace {

constexpr int kMaxQuietPauses = 50;
constexpr timespec kQuietPause{.tv_sec = 0, .tv_nsec = kNanosecondsPerMillisecond};

}  // namespace

RelayAccounts::RelayAccounts(Relay& relay, const std::function<void()>& begin) : relay_(relay) {
  std::uint64_t packets_before = 0;
  bool begun = false;
  for (int pause = 0; !begun; ++pause) {
    if (pause != 0) ::nanosleep(&kQuietPause, nullptr);
    relay.refresh();
    relay.between_turns([&] {
      before_ = relay.reports();
      std::uint64_t packets = 0;
      bool balanced = true;
      for (const WorkerReport& worker : before_)
        for (const LaneCounts& lane : worker.lanes) {
          packets += lane.read.packets;
          balanced = balanced && lane.balanced();
        }
      begun = pause == kMaxQuietPauses || (balanced && pause != 0 && packets == packets_before);
      packets_before = packets;
      if (begun) begin();
    });
  }
}

void RelayAccounts::fill_in(TunnelReport& report) const {
  report.workers = relay_.reports();
  for (std::size_t worker = 0; worker < report.workers.size(); ++worker)
    for (std::size_t direction = 0; direction < kDirections; ++direction) {
      LaneCounts& lane = report.workers[worker].lanes.at(direction);
      lane -= before_.at(worker).lanes.at(direction);
      report.lanes.at(direction) += lane;
    }
}

void note_unpinned(TunnelReport& report) {
  for (const WorkerReport& worker : report.workers)
    if (!worker.pinned_cpu)
      report.notes.push_back(fmt::format(
          "Queue {} is not pinned: this process may not use the CPU that --cpus gives it.",
          worker.queue));
}

}  // namespace tunrelay
