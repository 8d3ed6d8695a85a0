// SPDX-License-Identifier: MIT
// Results read back from JSON: the other half of result/result_json.hpp.
#include <fmt/format.h>

#include <limits>
#include <optional>
#include <utility>

#include "base/error.hpp"
#include "metrics/hdr_encoding.hpp"
#include "os/input_file.hpp"
#include "result/json_node.hpp"
#include "result/result_json.hpp"

namespace tunrelay {
namespace {

using nlohmann::json;

constexpr const char* kAttempt = "read the result";
/// Hours of samples are a few MiB. This is for /dev/zero, and for what was never a result.
constexpr std::size_t kMaxResultBytes = std::size_t{256} << 20U;

[[noreturn]] void refuse(const std::string& source, const std::string& answer) {
  throw_usage_error(kAttempt, source, answer,
                    "give a file that `tunrelay bench` or `tunrelay gen` wrote");
}

Better better_from(const JsonNode& node) {
  if (const auto better = better_named(node.text())) return *better;
  node.refuse("higher, lower or neither is needed");
}

/// The member that version 2 calls NAME and version 1 FORMER_NAME.
std::optional<JsonNode> either(const JsonNode& node, const char* name, const char* former_name) {
  if (auto found = node.find(name)) return found;
  return node.find(former_name);
}

std::string path_of(const JsonNode& node) {
  const auto path = either(node, "path", "link");
  return path ? path->text() : node.at("path").text();
}

std::uint32_t index_from(const JsonNode& node, std::uint64_t most) {
  return static_cast<std::uint32_t>(node.whole_number(most));
}

/// ORIGINS: how many there are.
Sample sample_from(const JsonNode& node, std::size_t origins) {
  Sample sample;
  sample.path = path_of(node);
  sample.round = index_from(node.at("round"), std::numeric_limits<std::uint32_t>::max());
  if (origins != 0) sample.origin = index_from(node.at("origin"), origins - 1);
  sample.value = node.at("value").number();
  sample.at_s = node.at("at_s").number();
  if (const auto reason = either(node, "invalid_reason", "void_reason"))
    sample.invalid_reason = reason->text();
  return sample;
}

Metric metric_from(const JsonNode& node, std::size_t origins) {
  Metric metric{.name = node.at("name").text(),
                .unit = node.at("unit").text(),
                .better = better_from(node.at("better")),
                .samples = {}};
  for (const JsonNode& sample : node.at("samples").items())
    metric.samples.push_back(sample_from(sample, origins));
  return metric;
}

Distribution distribution_from(const JsonNode& node) {
  Distribution distribution;
  distribution.name = node.at("name").text();
  distribution.path = path_of(node);
  distribution.start_s = node.at("start_s").number();
  distribution.interval_s = node.at("interval_s").number();
  const JsonNode histogram = node.at("histogram");
  try {
    distribution.histogram = decode_histogram(histogram.text());
  } catch (const Error& error) {
    histogram.refuse(error.parts().cause);
  }
  return distribution;
}

Series series_from(const JsonNode& node) {
  return {.name = node.at("name").text(),
          .unit = node.at("unit").text(),
          .path = path_of(node),
          .start_s = node.at("start_s").number(),
          .interval_s = node.at("interval_s").number(),
          .values = node.at("values").numbers()};
}

/// What is free in its form: an object, or null for nothing.
json details_from(const JsonNode& node) {
  if (!node.value().is_object() && !node.value().is_null())
    node.refuse("an object or null is needed");
  return node.value();
}

Origin origin_from(const JsonNode& node) {
  return {
      .run = node.at("run").text(),
      .machine = node.at("machine").text(),
      .title = node.at("title").text(),
      .started_utc = node.at("started_utc").text(),
      .duration_s = node.at("duration_s").number(),
      .seed = node.at("seed").whole_number(std::numeric_limits<std::uint64_t>::max()),
      .complete = node.at("complete").truth(),
      .first_round = index_from(node.at("first_round"), std::numeric_limits<std::uint32_t>::max()),
      .asked = details_from(node.at("asked")),
      .done = details_from(node.at("done")),
      .environment = details_from(node.at("environment")),
      .floor = details_from(node.at("floor"))};
}

void check_format(const JsonNode& root) {
  const auto format = root.find("format");
  if (!format || !format->value().is_string() || format->text() != kResultFormat)
    throw JsonFault({}, "it is JSON, but no result of tunrelay");
  const std::uint64_t version =
      root.at("version").whole_number(std::numeric_limits<std::uint64_t>::max());
  if (version > Result::kVersion)
    throw JsonFault({}, fmt::format("it has version {}, and this program knows results up to "
                                    "version {}: a newer tunrelay wrote it",
                                    version, Result::kVersion));
  if (version == 0) root.at("version").refuse("versions begin with 1");
}

Result result_from(const JsonNode& root) {
  check_format(root);
  Result result;
  result.suite = root.at("suite").text();
  result.title = root.at("title").text();
  result.started_utc = root.at("started_utc").text();
  result.duration_s = root.at("duration_s").number();
  result.seed = root.at("seed").whole_number(std::numeric_limits<std::uint64_t>::max());
  result.complete = root.at("complete").truth();
  result.asked = details_from(root.at("asked"));
  result.done = details_from(root.at("done"));
  result.environment = details_from(root.at("environment"));
  result.floor = details_from(root.at("floor"));
  if (const auto origins = root.find("origins"))
    for (const JsonNode& node : origins->items()) result.origins.push_back(origin_from(node));
  for (const JsonNode& node : root.at("metrics").items()) {
    Metric metric = metric_from(node, result.origins.size());
    if (result.find_metric(metric.name) != nullptr) node.refuse("a metric of that name was there");
    result.metrics.push_back(std::move(metric));
  }
  for (const JsonNode& node : root.at("distributions").items())
    result.distributions.push_back(distribution_from(node));
  for (const JsonNode& node : root.at("series").items()) result.series.push_back(series_from(node));
  for (const JsonNode& node : root.at("notes").items()) result.notes.push_back(node.text());
  return result;
}

}  // namespace

Result result_from_json(const json& json, const std::string& source) {
  try {
    return result_from(JsonNode(json));
  } catch (const JsonFault& fault) {
    refuse(source, fault.what());
  }
}

Result result_from_text(std::string_view text, const std::string& source) {
  try {
    return result_from(JsonNode(parse_json(text)));
  } catch (const JsonFault& fault) {
    refuse(source, fault.what());
  }
}

Result read_result(const std::string& path) {
  return result_from_text(read_whole_file(path, kAttempt, kMaxResultBytes), path);
}

}  // namespace tunrelay
