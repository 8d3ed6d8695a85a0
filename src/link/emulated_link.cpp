// SPDX-License-Identifier: MIT
#include "link/emulated_link.hpp"

#include <atomic>
#include <map>
#include <mutex>
#include <optional>
#include <random>
#include <utility>

#include "base/clock.hpp"
#include "base/philox.hpp"
#include "link/stage_factory.hpp"
#include "link/stage_text.hpp"
#include "stage/metered.hpp"
#include "stage/return_path.hpp"
#include "stage/selective.hpp"

namespace tunrelay {
namespace {

/// The seed of the stages of link number CHANGE.
std::uint64_t seed_of_change(std::uint64_t seed, std::uint64_t change) {
  if (change == 0) return seed;
  constexpr std::uint32_t kPurpose = 0x6c696e6b;  // beside those of stages
  const auto words = philox(
      {static_cast<std::uint32_t>(change), static_cast<std::uint32_t>(change >> 32), kPurpose, 0},
      {static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32)});
  return std::uint64_t{words[0]} << 32 | words[1];
}

}  // namespace

std::uint64_t draw_link_seed() {
  return std::random_device{}();
}

struct EmulatedLink::Shared {
  /// A stage of the list, and the counters of its instances so far.
  struct Entry {
    StageChoice choice;
    std::string filter;
    StageFactory make;  ///< null: those of the former link go on
    std::int64_t origin_ns = 0;
    std::vector<std::pair<std::size_t, std::shared_ptr<StageCounters>>> counters{};  ///< and queue
    /// Of a stage that has_answers(), by queue.
    std::map<std::size_t, std::shared_ptr<ReturnPath>> ways_back{};
    /// For reports alone: made for the first one, since a trace may be long.
    std::optional<std::unique_ptr<LinkPace>> pace{};

    /// Since SINCE_NS, when the link came into use; not of a REPLAY, which has a time of its own.
    [[nodiscard]] std::optional<std::uint64_t> capacity_bits(bool replay, std::int64_t since_ns) {
      if (replay || since_ns == 0) return std::nullopt;
      if (!pace) pace = make_pace(choice, origin_ns);
      if (!*pace) return std::nullopt;
      return (*pace)->offered_bits(since_ns, monotonic_ns());
    }
    [[nodiscard]] std::string text() const { return print_stages({{choice, filter}}); }
    [[nodiscard]] LinkStageReport report() const {
      LinkStageReport report{.text = text(), .counts = {}, .answers = 0, .capacity_bits = {}};
      for (const auto& [queue, instance] : counters) report.counts += instance->snapshot();
      for (const auto& [queue, back] : ways_back) report.answers += back->sent();
      return report;
    }
  };

  std::shared_ptr<std::atomic<bool>> in_use = std::make_shared<std::atomic<bool>>(false);
  std::atomic<std::int64_t> begun_ns{0};  ///< CLOCK_MONOTONIC; 0: not in use yet
  Site site;
  std::mutex mutex;  ///< of the entries' lists: workers make their stages at the same time
  std::array<std::vector<Entry>, 2> entries;
  std::array<bool, 2> in_place{};

  /// The stage and where its answers enter the other direction are made in any order.
  std::shared_ptr<ReturnPath> way_back(std::size_t direction, std::size_t stage,
                                       std::size_t queue) {
    const std::lock_guard lock(mutex);
    auto& back = entries.at(direction).at(stage).ways_back[queue];
    if (!back)
      back = std::make_shared<ReturnPath>(
          ReturnPath::Site{.place = {.is_link = true,
                                     .stage = static_cast<std::uint32_t>(stage),
                                     .queue = static_cast<std::uint32_t>(queue),
                                     .end = static_cast<std::uint32_t>(direction)},
                           .link_type = site.link_type,
                           .leads_nowhere = site.is_replay});
    return back;
  }

  /// The first stage of limited speed; nothing: there is none.
  [[nodiscard]] std::optional<std::size_t> first_pace(std::size_t direction) const {
    const auto& list = entries.at(direction);
    for (std::size_t stage = 0; stage < list.size(); ++stage)
      if (is_link_of_limited_speed(list[stage].choice)) return stage;
    return std::nullopt;
  }

  /// Those of the stage that it takes over from, else new ones.
  std::shared_ptr<StageCounters> counters_of(Entry& entry, std::size_t queue, bool takes_over) {
    const std::lock_guard lock(mutex);
    if (takes_over)
      for (const auto& [of_queue, counters] : entry.counters)
        if (of_queue == queue) return counters;
    return entry.counters.emplace_back(queue, std::make_shared<StageCounters>()).second;
  }

  std::unique_ptr<Stage> make(std::size_t direction, std::size_t stage, std::size_t queue) {
    Entry& entry = entries.at(direction).at(stage);
    std::optional<PacketFilter> filter;
    if (!entry.filter.empty()) filter.emplace(entry.filter, site.link_type);
    std::shared_ptr<StageTap> tap;
    if (site.make_tap && first_pace(direction) == stage) tap = site.make_tap(direction);
    auto made = entry.make(queue);
    auto metered = std::make_unique<Metered>(
        std::move(made), counters_of(entry, queue, in_place.at(direction)), std::move(tap));
    return std::make_unique<Selective>(std::move(metered), in_use, std::move(filter));
  }

  /// The stage that stood in this place before, where it takes over from that; else null.
  static const Entry* former_entry(const Succession* succession, std::size_t direction,
                                   std::size_t stage) {
    if (succession == nullptr || !succession->in_place.at(direction)) return nullptr;
    return &succession->former.shared_->entries.at(direction).at(stage);
  }
};

EmulatedLink::EmulatedLink(LinkDescription description, const Site& site)
    : EmulatedLink(std::move(description), site, nullptr) {}

EmulatedLink::EmulatedLink(LinkDescription description, const Site& site,
                           const Succession& succession)
    : EmulatedLink(std::move(description), site, &succession) {}

EmulatedLink::EmulatedLink(LinkDescription description, const Site& site,
                           const Succession* succession)
    : description_(std::move(description)), shared_(std::make_shared<Shared>()) {
  if (!description_.seed) description_.seed = draw_link_seed();
  shared_->site = site;
  std::unique_lock<std::mutex> lock;
  if (succession != nullptr) {
    lock = std::unique_lock(succession->former.shared_->mutex);
    shared_->in_place = succession->in_place;
  }
  for (std::uint32_t direction = 0; direction < shared_->entries.size(); ++direction)
    for (const StageDescription& stage : description_.directions.at(direction)) {
      auto& entries = shared_->entries.at(direction);
      const Shared::Entry* former = Shared::former_entry(succession, direction, entries.size());
      if (former != nullptr && succession->leaves_same && former->choice == stage.choice &&
          former->filter == stage.filter) {
        entries.push_back({.choice = former->choice,
                           .filter = former->filter,
                           .make = nullptr,
                           .origin_ns = former->origin_ns,
                           .counters = former->counters,
                           .ways_back = former->ways_back});
        continue;
      }
      const StagePlace place{
          .seed = seed_of_change(*description_.seed, site.change),
          .stage = static_cast<std::uint32_t>(entries.size()),
          .direction = direction,
          .origin_ns = site.origin_ns,
          .is_replay = site.is_replay,
          // The factory stands in an entry of what it points to.
          .way_back = [shared = shared_.get(), direction, stage = entries.size()](
                          std::size_t queue) { return shared->way_back(direction, stage, queue); }};
      // Compiled once here, so that a wrong one is refused before anything is set up.
      if (!stage.filter.empty()) const PacketFilter checked(stage.filter, site.link_type);
      entries.push_back(
          {stage.choice, stage.filter, make_factory(stage.choice, place), site.origin_ns});
      if (former == nullptr) continue;
      entries.back().counters = former->counters;
      entries.back().ways_back = former->ways_back;
    }
}

EmulatedLink::~EmulatedLink() = default;

std::vector<StageSpec> EmulatedLink::stages(std::size_t direction) const {
  std::vector<StageSpec> specs;
  const auto& others = shared_->entries.at(1 - direction);
  for (std::size_t stage = 0; stage < others.size(); ++stage)
    if (has_answers(others[stage].choice) && !shared_->site.is_replay)
      specs.push_back(
          {StageScope::kLane, [shared = shared_, other = 1 - direction, stage](std::size_t queue) {
             return std::make_unique<ReturnStage>(shared->way_back(other, stage, queue));
           }});
  if (shared_->in_place.at(direction))
    for (StageSpec& answers : specs) answers.make = nullptr;
  const auto& entries = shared_->entries.at(direction);
  for (std::size_t stage = 0; stage < entries.size(); ++stage) {
    StageFactory make = [shared = shared_, direction, stage](std::size_t queue) {
      return shared->make(direction, stage, queue);
    };
    specs.push_back({stage_scope(entries[stage].choice), entries[stage].make ? make : nullptr});
  }
  return specs;
}

void EmulatedLink::begin() noexcept {
  shared_->begun_ns.store(monotonic_ns(), std::memory_order_relaxed);
  shared_->in_use->store(true, std::memory_order_relaxed);
}

LinkReport EmulatedLink::report() const {
  LinkReport report;
  report.seed = description_.seed.value_or(0);
  const std::lock_guard lock(shared_->mutex);
  for (std::size_t direction = 0; direction < shared_->entries.size(); ++direction)
    for (Shared::Entry& entry : shared_->entries.at(direction)) {
      LinkStageReport& stage = report.directions.at(direction).emplace_back(entry.report());
      stage.capacity_bits = entry.capacity_bits(shared_->site.is_replay,
                                                shared_->begun_ns.load(std::memory_order_relaxed));
    }
  return report;
}

std::array<std::vector<LinkStage>, 2> EmulatedLink::parts() const {
  std::array<std::vector<LinkStage>, 2> parts;
  const std::lock_guard lock(shared_->mutex);
  for (std::size_t direction = 0; direction < shared_->entries.size(); ++direction)
    for (const Shared::Entry& entry : shared_->entries.at(direction)) {
      LinkStage& part = parts.at(direction).emplace_back(
          LinkStage{entry.text(), entry.choice, {}, entry.origin_ns});
      for (const auto& [queue, counters] : entry.counters) part.counters.push_back(counters);
    }
  return parts;
}

std::array<EmulatedLink::Pace, 2> EmulatedLink::paces() const {
  std::array<Pace, 2> paces;
  for (std::size_t direction = 0; direction < paces.size(); ++direction)
    if (const auto stage = shared_->first_pace(direction)) {
      const Shared::Entry& entry = shared_->entries.at(direction).at(*stage);
      paces.at(direction) = {entry.text(), make_pace(entry.choice, entry.origin_ns)};
    }
  return paces;
}

}  // namespace tunrelay
