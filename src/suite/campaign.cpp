#include "suite/campaign.hpp"

#include "base/clock.hpp"
#include "base/error.hpp"
#include "suite/trial_result.hpp"

namespace tunrelay {

Campaign::Campaign(const std::vector<LinkSpec>& links, Result& result, Hooks hooks)
    : result_(result),
      hooks_(std::move(hooks)),
      // A result that has samples already is gone on with.
      begin_ns_(monotonic_ns() - static_cast<std::int64_t>(result.duration_s * 1e9)) {
  for (const LinkSpec& spec : links) links_.push_back(std::make_unique<LinkHost>(spec));
  for (const auto& link : links_) {
    link->wait_until_ready();
    result_.done["links"][link->spec().name] = link->description();
  }
}

double Campaign::elapsed_s() const noexcept {
  return static_cast<double>(monotonic_ns() - begin_ns_) / 1e9;
}

LinkHost& Campaign::link(std::string_view name) {
  for (const auto& link : links_)
    if (link->spec().name == name) return *link;
  throw_usage_error("measure", "the link '" + std::string(name) + "'", "there is none");
}

bool Campaign::run_round(const std::vector<LoadCase>& loads, std::uint32_t round) {
  for (const LoadCase& load : loads)
    for (std::size_t at = 0; at < links_.size(); ++at) {
      if (is_stopped()) return false;
      sample(*links_[round % 2 == 0 ? at : links_.size() - 1 - at], load, round);
    }
  return true;
}

LinkTrial Campaign::sample(LinkHost& link, const LoadCase& load, std::uint32_t round) {
  const std::string& name = link.spec().name;
  announce(link, load.name, round);
  const double at_s = elapsed_s();
  LinkTrial trial = link.run_trial(load.spec);
  add_trial(result_, {.load = load.name, .link = name, .round = round, .at_s = at_s}, trial.trial);
  add_link_counts(result_, load.name, name, round, at_s, trial);
  result_.duration_s = elapsed_s();
  return trial;
}

void Campaign::announce(const LinkHost& link, const std::string& load, std::uint32_t round) const {
  if (hooks_.before_sample) hooks_.before_sample({round, link.spec().name, load});
}

LinkTrial Campaign::try_out(LinkHost& link, const LoadCase& load) {
  return link.run_trial(load.spec);
}

void add_link_counts(Result& result, const std::string& load, const std::string& link,
                     std::uint32_t round, double at_s, const LinkTrial& trial) {
  Sample sample{.link = link,
                .round = round,
                .value = static_cast<double>(trial.dropped),
                .at_s = at_s,
                .void_reason = trial.trial.void_reason};
  result.metric(load + "/link_dropped", "packets", Better::kNeither).samples.push_back(sample);
  if (trial.cpu_ns == 0 || trial.segments == 0) return;
  sample.value = static_cast<double>(trial.cpu_ns) / static_cast<double>(trial.segments);
  result.metric(load + "/cpu_per_segment", "ns_per_packet", Better::kLower)
      .samples.push_back(sample);
}

}  // namespace tunrelay
