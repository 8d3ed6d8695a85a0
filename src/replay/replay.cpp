// SPDX-License-Identifier: MIT
#include "replay/replay.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <memory>
#include <optional>
#include <utility>

#include "link/link_change.hpp"
#include "packet/parse.hpp"
#include "relay/stage_chain.hpp"
#include "replay/packet_file.hpp"
#include "replay/replay_exit.hpp"
#include "replay/replay_output.hpp"
#include "scenario/scenario_player.hpp"

namespace tunrelay {
namespace {

// A file may be of a link with any MTU.
constexpr std::uint32_t kAnyMtuBytes = 65535;

/// One direction: its stages, and where they lead.
struct Way {
  Way(std::vector<std::unique_ptr<Stage>> stages, ReplayOutput& output, std::uint32_t interface,
      FrameStore& store, ReplayReport& report)
      : exit(output, interface, store, report),
        chain(std::make_unique<StageChain>(std::move(stages), exit)) {}

  [[nodiscard]] Tally queued() const {
    Tally queued = chain->queued();
    for (const auto& before : former) queued += before->queued();
    return queued;
  }

  ReplayExit exit;
  std::unique_ptr<StageChain> chain;
  std::vector<std::unique_ptr<StageChain>> former;  ///< that could not let out all
};

/// The stages of DIRECTION, those of the user's around those of the link; one that makes nothing is
/// null.
std::vector<std::unique_ptr<Stage>> stages_of(const EmulatedLink& link, const UserStageSpecs& user,
                                              std::size_t direction) {
  std::vector<std::unique_ptr<Stage>> stages;
  const auto add = [&stages](const std::vector<StageSpec>& specs) {
    for (const StageSpec& spec : specs) stages.push_back(spec.make ? spec.make(0) : nullptr);
  };
  add(user.before_link);
  add(link.stages(direction));
  add(user.after_link);
  return stages;
}

/// As many stages as USERS are, of which each stays.
UserStageSpecs leave_all(std::size_t users) {
  return {std::vector<StageSpec>(users), std::vector<StageSpec>(users)};
}

/// The link as it begins, and a scenario's player, if there is one.
struct ChangingLink {
  ChangingLink(const ReplayOptions& options, LinkType type, std::int64_t begin)
      : link_type(type), begin_ns(begin) {
    LinkDescription description = options.link;
    if (options.scenario) {
      options.scenario->check(type);
      player.emplace(options.scenario, seeded_for(*options.scenario, std::move(description)));
      description = player->link();
    }
    link = std::make_unique<EmulatedLink>(std::move(description), site(begin, 0));
    link->begin();
  }
  [[nodiscard]] EmulatedLink::Site site(std::int64_t now_ns, std::uint64_t change) const {
    return {.link_type = link_type, .origin_ns = now_ns, .is_replay = true, .change = change};
  }
  [[nodiscard]] std::int64_t next_ns() const {
    if (!player || player->next_ns() == ScenarioPlayer::kNever) return ScenarioPlayer::kNever;
    return begin_ns + player->next_ns();
  }

  LinkType link_type;
  std::int64_t begin_ns;
  std::optional<ScenarioPlayer> player;
  std::unique_ptr<EmulatedLink> link;
};

/// Takes the packets of one file through one chain, and virtual time with them; what users' stages
/// send back goes through the other.
class Replayer {
 public:
  Replayer(PacketFile& file, ChangingLink& link, UserStages& user, const ReplayOptions& options,
           ReplayReport& report)
      : Replayer(file, link, user, user.make(), options, report) {}

  void run(std::optional<FilePacket> packet) {
    const std::int64_t begin_ns = packet ? packet->time_ns : 0;
    now_ns_ = begin_ns;
    for (; packet; packet = file_.next()) {
      if (packet->time_ns < now_ns_) ++report_.disordered;
      pass_time(std::max(now_ns_, packet->time_ns));
      take(*packet);
    }
    pass_rest();
    report_.queued = queued();
    report_.duration_ns = now_ns_ - begin_ns;
    output_.finish();
  }

 private:
  Replayer(PacketFile& file, ChangingLink& link, UserStages& user,
           const std::array<UserStageSpecs, kDirections>& specs, const ReplayOptions& options,
           ReplayReport& report)
      : file_(file),
        link_(link),
        user_(user),
        options_(options),
        report_(report),
        output_(options.output, options.application, file.link_type(), interfaces(options)),
        there_(stages_of(*link.link, specs.at(options.direction), options.direction), output_, 0,
               store_, report) {
    if (options.stages.empty()) return;
    const std::size_t other = 1 - options.direction;
    back_.emplace(stages_of(*link.link, specs.at(other), other), output_, 1U, store_, report);
  }

  static std::vector<std::string> interfaces(const ReplayOptions& options) {
    std::vector<std::string> names{options.direction == 0 ? "b" : "a"};
    if (!options.stages.empty()) names.emplace_back(options.direction == 0 ? "a" : "b");
    return names;
  }
  [[nodiscard]] Tally queued() const {
    Tally queued = there_.queued();
    if (back_) queued += back_->queued();
    return queued;
  }
  [[nodiscard]] std::int64_t next_deadline_ns() const {
    const std::int64_t there_ns = there_.chain->deadline().due_ns;
    return back_ ? std::min(there_ns, back_->chain->deadline().due_ns) : there_ns;
  }
  void set_time(std::int64_t now_ns) {
    now_ns_ = now_ns;
    there_.exit.set_time(now_ns);
    if (back_) back_->exit.set_time(now_ns);
  }
  /// What is due first, at its own time.
  void meet_deadline() {
    const std::int64_t due_ns = next_deadline_ns();
    set_time(std::max(now_ns_, due_ns));
    Way& way = there_.chain->deadline().due_ns == due_ns ? there_ : *back_;
    way.chain->process({}, now_ns_);
  }
  /// Lets the stages do what is due until UNTIL.
  void pass_time(std::int64_t until_ns) {
    while (std::min(next_deadline_ns(), link_.next_ns()) <= until_ns) meet_next();
    set_time(until_ns);
  }
  /// What is due goes before a change of the same moment.
  void meet_next() {
    if (next_deadline_ns() <= link_.next_ns()) return meet_deadline();
    change_link(link_.next_ns());
  }
  void change_link(std::int64_t now_ns) {
    set_time(std::max(now_ns_, now_ns));
    if (!link_.player->advance(now_ns - link_.begin_ns)) return;
    const LinkDescription& next = link_.player->link();
    auto in_place = directions_in_place(link_.link->description(), next);
    if (back_ && in_place[0] != in_place[1]) in_place = {};
    auto link =
        std::make_unique<EmulatedLink>(next, link_.site(now_ns_, ++report_.link_changes),
                                       EmulatedLink::Succession{*link_.link, in_place, true});
    link->begin();
    const bool all_in_place = in_place[0] && in_place[1];
    std::array<UserStageSpecs, kDirections> user{leave_all(options_.stages.size()),
                                                 leave_all(options_.stages.size())};
    if (!all_in_place) user = user_.make();
    const auto change = [&](Way& way, std::size_t direction) {
      auto stages = stages_of(*link, user.at(direction), direction);
      if (in_place.at(direction)) return way.chain->change(stages, now_ns_);
      way.chain->flush(now_ns_);
      if (way.chain->queued() != Tally{}) way.former.push_back(std::move(way.chain));
      way.chain = std::make_unique<StageChain>(std::move(stages), way.exit);
    };
    change(there_, options_.direction);
    if (back_) change(*back_, 1 - options_.direction);
    link_.link = std::move(link);
  }
  /// The end of the file is not the end of what is under way. A user's stage may have a timer for
  /// ever: it goes on while packets are.
  void pass_rest() {
    const std::int64_t last_ns = now_ns_ + options_.linger_ns;
    while (next_deadline_ns() != Stage::kNoDeadline) {
      if (back_ && (queued() == Tally{} || next_deadline_ns() > last_ns)) break;
      meet_next();
    }
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
      there_.exit.drop(packet, *fault);
    else if (there_.chain->empty())
      there_.exit.pass(packet);
    else
      there_.chain->process({&packet, 1}, now_ns_);
  }

  PacketFile& file_;
  ChangingLink& link_;
  UserStages& user_;
  const ReplayOptions& options_;
  ReplayReport& report_;
  FrameStore store_;
  ReplayOutput output_;
  Way there_;
  std::optional<Way> back_;  ///< with users' stages
  std::int64_t now_ns_ = 0;
  std::uint64_t packets_ = 0;
};

}  // namespace

ReplayReport replay(const ReplayOptions& options) {
  PacketFile file(options.input, {.interface = options.interface, .device = options.direction});
  const std::optional<FilePacket> first = file.next();
  ChangingLink link(options, file.link_type(), first ? first->time_ns : 0);
  UserStages stages(options.stages);
  stages.stand_at(file.link_type(), 1, kAnyMtuBytes);
  stages.begin_at(std::numeric_limits<std::int64_t>::min());
  ReplayReport report;
  Replayer(file, link, stages, options, report).run(first);
  report.link = link.link->report();
  report.stages = stages.reports();
  return report;
}

}  // namespace tunrelay
