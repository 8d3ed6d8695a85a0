#include "link/emulated_link.hpp"

#include <mutex>
#include <optional>
#include <random>
#include <utility>

#include "link/stage_factory.hpp"
#include "link/stage_text.hpp"
#include "stage/metered.hpp"
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
  };

  std::shared_ptr<std::atomic<bool>> in_use = std::make_shared<std::atomic<bool>>(false);
  LinkType link_type = LinkType::kIp;
  std::mutex mutex;  ///< of the counters' lists: workers make their stages at the same time
  std::array<std::vector<Entry>, 2> entries;

  std::unique_ptr<Stage> make(std::size_t direction, std::size_t stage) {
    Entry& entry = entries.at(direction).at(stage);
    auto counters = std::make_shared<StageCounters>();
    std::optional<PacketFilter> filter;
    if (!entry.filter.empty()) filter.emplace(entry.filter, link_type);
    auto metered = std::make_unique<Metered>(entry.make(), counters);
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
  shared_->link_type = site.link_type;
  for (std::uint32_t direction = 0; direction < shared_->entries.size(); ++direction)
    for (const StageDescription& stage : description_.directions.at(direction)) {
      auto& entries = shared_->entries.at(direction);
      const StagePlace place{.seed = *description_.seed,
                             .stage = static_cast<std::uint32_t>(entries.size()),
                             .direction = direction,
                             .origin_ns = site.origin_ns,
                             .is_replay = site.is_replay};
      // Compiled once here, so that a wrong one is refused before anything is set up.
      if (!stage.filter.empty()) const PacketFilter checked(stage.filter, site.link_type);
      entries.push_back({stage.choice, stage.filter, make_factory(stage.choice, place), {}});
    }
}

EmulatedLink::~EmulatedLink() = default;

std::vector<LinkStageMaker> EmulatedLink::stages(std::size_t direction) const {
  std::vector<LinkStageMaker> makers;
  const auto& entries = shared_->entries.at(direction);
  for (std::size_t stage = 0; stage < entries.size(); ++stage)
    makers.push_back({stage_scope(entries[stage].choice), [shared = shared_, direction, stage] {
                        return shared->make(direction, stage);
                      }});
  return makers;
}

void EmulatedLink::begin() noexcept {
  shared_->in_use->store(true, std::memory_order_relaxed);
}

LinkReport EmulatedLink::report() const {
  LinkReport report;
  report.seed = description_.seed.value_or(0);
  const std::lock_guard lock(shared_->mutex);
  for (std::size_t direction = 0; direction < shared_->entries.size(); ++direction)
    for (const Shared::Entry& entry : shared_->entries.at(direction)) {
      LinkStageReport stage{.text = print_stages({{entry.choice, entry.filter}}), .counts = {}};
      for (const auto& counters : entry.counters) stage.counts += counters->snapshot();
      report.directions.at(direction).push_back(std::move(stage));
    }
  return report;
}

}  // namespace tunrelay
