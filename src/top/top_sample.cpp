// SPDX-License-Identifier: MIT
#include "top/top_sample.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include <nlohmann/json.hpp>

#include "base/clean_text.hpp"
#include "base/clock.hpp"
#include "base/json_number.hpp"
#include "record/record_text.hpp"

namespace tunrelay {
namespace {

constexpr std::array<const char*, kDirections> kDirectionKeys{"a_to_b", "b_to_a"};
constexpr double kBitsPerByte = 8;

double per_second(double count, double seconds) {
  return seconds > 0 ? count / seconds : 0;
}

std::string end_text(const nlohmann::json& end) {
  const std::string address = end.at("address");
  return fmt::format("{}:{}",
                     address.find(':') == std::string::npos ? address : "[" + address + "]",
                     whole_number<unsigned>(end, "port"));
}

TopFlow flow_of(const nlohmann::json& json) {
  TopFlow flow;
  const bool is_from_a = json.at("initiator") == "a";
  flow.name = fmt::format("{} {} > {}", json.at("protocol").get<std::string>(),
                          end_text(json.at(is_from_a ? "a" : "b")),
                          end_text(json.at(is_from_a ? "b" : "a")));
  for (const char* key : kDirectionKeys) {
    const nlohmann::json& direction = json.at(key);
    flow.rtt_ns = std::max(
        flow.rtt_ns,
        static_cast<std::int64_t>(direction.at("rtt_at_source_ns").at("p50").get<double>()));
    flow.dropped_segments += whole_number<std::uint64_t>(direction.at("dropped"), "segments");
    if (direction.contains("tcp"))
      flow.retransmitted_segments +=
          whole_number<std::uint64_t>(direction.at("tcp"), "retransmitted_segments");
  }
  return flow;
}

}  // namespace

double TopSample::seconds() const noexcept {
  return static_cast<double>(interval.to_ns - interval.from_ns) /
         static_cast<double>(kNanosecondsPerSecond);
}

TopPoint TopSample::point(std::size_t direction) const {
  const DirectionInterval& of = interval.directions.at(direction);
  TopPoint point{
      .bits_per_s = per_second(static_cast<double>(of.written.bytes) * kBitsPerByte, seconds()),
      .capacity_bits_per_s = {}};
  for (const StageInterval& stage : of.stages)
    if (stage.capacity_bits) {
      const double capacity = per_second(static_cast<double>(*stage.capacity_bits), seconds());
      point.capacity_bits_per_s = std::min(capacity, point.capacity_bits_per_s.value_or(capacity));
    }
  return point;
}

std::optional<std::size_t> TopSample::main_stage(std::size_t direction) const {
  const auto& list = interval.directions.at(direction).stages;
  std::optional<std::size_t> main;
  for (std::size_t at = 0; at < list.size(); ++at) {
    if (!main) {
      main = at;
      continue;
    }
    const StageInterval& best = list[*main];
    const bool is_slower = list[at].capacity_bits &&
                           (!best.capacity_bits || *list[at].capacity_bits < *best.capacity_bits);
    const bool is_longer = !best.capacity_bits && list[at].delay_ns.p50 > best.delay_ns.p50;
    if (is_slower || is_longer) main = at;
  }
  return main;
}

void TopHistory::take(const nlohmann::json& answer) {
  TopSample sample;
  sample.version = answer.at("version");
  sample.devices = {clean_line(answer.at("a").get<std::string>()),
                    clean_line(answer.at("b").get<std::string>())};
  for (std::size_t direction = 0; direction < kDirections; ++direction) {
    const char* key = kDirectionKeys.at(direction);
    sample.link.at(direction) = clean_line(answer.at("link").at(key).get<std::string>());
    for (const nlohmann::json& text : answer.at("stages").at(key))
      sample.stages.at(direction).push_back(clean_line(text.get<std::string>()));
  }
  sample.is_path_proven = answer.at("path_proven");
  sample.interval = parse_interval(answer.at("interval"));
  for (std::size_t direction = 0; direction < kDirections; ++direction)
    sample.interval.directions.at(direction).stages.resize(sample.stages.at(direction).size());
  const nlohmann::json& flows = answer.at("flows");
  sample.counts_flows = flows.is_object();
  std::map<std::string, std::array<std::uint64_t, kDirections>> bytes_now;
  if (sample.counts_flows) {
    sample.flows_seen = flows.at("seen");
    for (const nlohmann::json& json : flows.at("top")) {
      TopFlow flow = flow_of(json);
      const auto before = flow_bytes_.find(flow.name);
      auto& bytes = bytes_now[flow.name];
      for (std::size_t direction = 0; direction < kDirections; ++direction) {
        bytes.at(direction) = json.at(kDirectionKeys.at(direction)).at("read").at("bytes");
        // Of a flow that is new here, what it had before is not this interval's.
        if (before != flow_bytes_.end() && bytes.at(direction) > before->second.at(direction))
          flow.bits_per_s.at(direction) =
              per_second(static_cast<double>(bytes.at(direction) - before->second.at(direction)) *
                             kBitsPerByte,
                         sample.seconds());
      }
      sample.flows.push_back(std::move(flow));
    }
  }
  flow_bytes_ = std::move(bytes_now);
  newest_ = std::move(sample);
  if (newest_.seconds() <= 0) return;  // the first answer only begins
  for (std::size_t direction = 0; direction < kDirections; ++direction) {
    points_.at(direction).push_back(newest_.point(direction));
    if (points_.at(direction).size() > kMaxPoints) points_.at(direction).pop_front();
  }
}

}  // namespace tunrelay
