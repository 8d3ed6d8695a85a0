// SPDX-License-Identifier: MIT
#include "link/emulated_link.hpp"

#include <map>
#include <mutex>
#include <optional>
#include <random>
#include <utility>

#include "link/stage_factory.hpp"
#include "link/stage_text.hpp"
#include "stage/metered.hpp"
#include "stage/return_path.hpp"
#include "stage/selective.hpp"

namespace tunrelay {
namespace {

/// Long enough to be none of another run, short enough to be typed.
std::uint64_t draw_seed() {
  return std::random_device{}();
}

}  // namespace

struct EmulatedLink::Shared {
  /// A stage of the list, and the counters of its instances so far.
  struct Entry {
    StageChoice choice;
    std::string filter;
    StageFactory make;
    std::vector<std::shared_ptr<StageCounters>> counters;
    /// Of a stage that has_answers(), by queue.
    std::map<std::size_t, std::shared_ptr<ReturnPath>> ways_back;

    [[nodiscard]] std::string text() const { return print_stages({{choice, filter}}); }
    [[nodiscard]] LinkStageReport report() const {
      LinkStageReport report{.text = text(), .counts = {}, .answers = 0};
      for (const auto& instance : counters) report.counts += instance->snapshot();
      for (const auto& [queue, back] : ways_back) report.answers += back->sent();
      return report;
    }
  };

  std::shared_ptr<std::atomic<bool>> in_use = std::make_shared<std::atomic<bool>>(false);
  Site site;
  std::mutex mutex;  ///< of the entries' lists: workers make their stages at the same time
  std::array<std::vector<Entry>, 2> entries;

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

  std::unique_ptr<Stage> make(std::size_t direction, std::size_t stage, std::size_t queue) {
    Entry& entry = entries.at(direction).at(stage);
    auto counters = std::make_shared<StageCounters>();
    std::optional<PacketFilter> filter;
    if (!entry.filter.empty()) filter.emplace(entry.filter, site.link_type);
    auto metered = std::make_unique<Metered>(entry.make(queue), counters);
    {
      const std::lock_guard lock(mutex);
      entry.counters.push_back(std::move(counters));
    }
    return std::make_unique<Selective>(std::move(metered), in_use, std::move(filter));
  }
};

EmulatedLink::EmulatedLink(LinkDescription description, const Site& site)
    : description_(std::move(description)), shared_(std::make_shared<Shared>()) {
  if (!description_.seed) description_.seed = draw_seed();
  shared_->site = site;
  for (std::uint32_t direction = 0; direction < shared_->entries.size(); ++direction)
    for (const StageDescription& stage : description_.directions.at(direction)) {
      auto& entries = shared_->entries.at(direction);
      const StagePlace place{
          .seed = *description_.seed,
          .stage = static_cast<std::uint32_t>(entries.size()),
          .direction = direction,
          .origin_ns = site.origin_ns,
          .is_replay = site.is_replay,
          // The factory stands in an entry of what it points to.
          .way_back = [shared = shared_.get(), direction, stage = entries.size()](
                          std::size_t queue) { return shared->way_back(direction, stage, queue); }};
      // Compiled once here, so that a wrong one is refused before anything is set up.
      if (!stage.filter.empty()) const PacketFilter checked(stage.filter, site.link_type);
      entries.push_back({stage.choice, stage.filter, make_factory(stage.choice, place), {}, {}});
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
  const auto& entries = shared_->entries.at(direction);
  for (std::size_t stage = 0; stage < entries.size(); ++stage)
    specs.push_back({stage_scope(entries[stage].choice),
                     [shared = shared_, direction, stage](std::size_t queue) {
                       return shared->make(direction, stage, queue);
                     }});
  return specs;
}

void EmulatedLink::begin() noexcept {
  shared_->in_use->store(true, std::memory_order_relaxed);
}

LinkReport EmulatedLink::report() const {
  LinkReport report;
  report.seed = description_.seed.value_or(0);
  const std::lock_guard lock(shared_->mutex);
  for (std::size_t direction = 0; direction < shared_->entries.size(); ++direction)
    for (const Shared::Entry& entry : shared_->entries.at(direction))
      report.directions.at(direction).push_back(entry.report());
  return report;
}

std::array<std::vector<LinkStage>, 2> EmulatedLink::parts() const {
  std::array<std::vector<LinkStage>, 2> parts;
  const std::lock_guard lock(shared_->mutex);
  for (std::size_t direction = 0; direction < shared_->entries.size(); ++direction)
    for (const Shared::Entry& entry : shared_->entries.at(direction))
      parts.at(direction).push_back({entry.text(), entry.choice, entry.counters});
  return parts;
}

std::int64_t EmulatedLink::origin_ns() const noexcept {
  return shared_->site.origin_ns;
}

}  // namespace tunrelay
