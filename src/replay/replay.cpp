// SPDX-License-Identifier: MIT
#include "replay/replay.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "packet/parse.hpp"
#include "relay/stage_chain.hpp"
#include "replay/packet_file.hpp"
#include "replay/replay_exit.hpp"

namespace tunrelay {
namespace {

// A file may be of a link with any MTU.
constexpr std::uint32_t kAnyMtuBytes = 65535;

/// Takes the packets of one file through one chain, and virtual time with them.
class Replayer {
 public:
  Replayer(PacketFile& file, const EmulatedLink& link, const ReplayOptions& options,
           ReplayReport& report)
      : file_(file),
        report_(report),
        exit_(options, file.link_type(), store_, report),
        chain_(stages_of(link, options.direction), exit_) {}

  void run(std::optional<FilePacket> packet) {
    const std::int64_t begin_ns = packet ? packet->time_ns : 0;
    now_ns_ = begin_ns;
    for (; packet; packet = file_.next()) {
      if (packet->time_ns < now_ns_) ++report_.disordered;
      pass_time(std::max(now_ns_, packet->time_ns));
      take(*packet);
    }
    pass_time(Stage::kNoDeadline - 1);
    report_.queued = chain_.queued();
    report_.duration_ns = now_ns_ - begin_ns;
    exit_.finish();
  }

 private:
  static std::vector<std::unique_ptr<Stage>> stages_of(const EmulatedLink& link,
                                                       std::size_t direction) {
    std::vector<std::unique_ptr<Stage>> stages;
    for (const StageSpec& stage : link.stages(direction)) stages.push_back(stage.make(0));
    return stages;
  }

  /// Lets the stages do what is due until UNTIL, each at its own time.
  void pass_time(std::int64_t until_ns) {
    while (chain_.next_deadline_ns() <= until_ns) {
      now_ns_ = std::max(now_ns_, chain_.next_deadline_ns());
      exit_.set_time(now_ns_);
      chain_.process({}, now_ns_);
    }
    if (until_ns != Stage::kNoDeadline - 1) now_ns_ = until_ns;
    exit_.set_time(now_ns_);
  }

  void take(const FilePacket& from_file) {
    if (from_file.original_bytes != from_file.bytes.size()) {
      ++report_.cut;
      return;
    }
    const auto buffer = store_.take(from_file.bytes.size());
    Packet packet;
    packet.frame_bytes = static_cast<std::uint32_t>(from_file.bytes.size());
    report_.read += tally_of(packet);
    if (!buffer) {
      report_.dropped.at(static_cast<std::size_t>(DropReason::kQueueMemoryFull)) +=
          tally_of(packet);
      return;
    }
    packet.buffer = *buffer;
    packet.frame = store_.frame(*buffer);
    std::memcpy(packet.frame, from_file.bytes.data(), from_file.bytes.size());
    packet.arrival_ns = now_ns_;
    packet.handed_ns = now_ns_;
    packet.id = ++packets_;
    if (const auto fault = parse(packet, {file_.link_type(), kAnyMtuBytes}))
      exit_.drop(packet, *fault);
    else if (chain_.empty())
      exit_.pass(packet);
    else
      chain_.process({&packet, 1}, now_ns_);
  }

  PacketFile& file_;
  ReplayReport& report_;
  FrameStore store_;
  ReplayExit exit_;
  StageChain chain_;
  std::int64_t now_ns_ = 0;
  std::uint64_t packets_ = 0;
};

}  // namespace

ReplayReport replay(const ReplayOptions& options) {
  PacketFile file(options.input, {.interface = options.interface, .device = options.direction});
  const std::optional<FilePacket> first = file.next();
  EmulatedLink link(
      options.link,
      {.link_type = file.link_type(), .origin_ns = first ? first->time_ns : 0, .is_replay = true});
  link.begin();
  ReplayReport report;
  Replayer(file, link, options, report).run(first);
  report.link = link.report();
  return report;
}

}  // namespace tunrelay
