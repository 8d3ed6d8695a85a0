// SPDX-License-Identifier: MIT
#include "report/metric_titles.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include <nlohmann/json.hpp>

#include "base/json_text.hpp"

namespace tunrelay {
namespace {

struct Title {
  std::string_view name;
  std::string_view title;
};

constexpr Title kMeasures[] = {
    {"throughput", "throughput"},
    {"messages", "message rate"},
    {"loss", "loss"},
    {"duplicates", "arrived twice"},
    {"reordered", "out of order"},
    {"jitter", "jitter"},
    {"corrupt", "with a wrong byte"},
    {"one_way", "one-way delay"},
    {"one_way_back", "one-way delay back"},
    {"round_trip", "round trip"},
    {"slip", "lateness of sends"},
    {"link_dropped", "dropped on the path"},
    {"cpu_per_segment", "CPU time of the relay, a wire segment"},
    {"cpu_local", "CPU of the sender"},
    {"cpu_remote", "CPU of the receiver"},
    {"retransmits", "retransmitted"},
    {"search_load", "load of each trial"},
    {"search_loss", "loss of each trial"},
    {"pdr", "highest rate with at most 0.5 % lost"},
    {"pdr_lower", "the same, lower bound"},
    {"ndr", "highest rate without loss"},
    {"ndr_lower", "the same without loss, lower bound"},
};

constexpr Title kControls[] = {{"veth", "the kernel's veth pair"},
                               {"lo", "the loopback interface"}};

std::string with_blanks(std::string_view name) {
  std::string text(name);
  std::replace(text.begin(), text.end(), '_', ' ');
  return text;
}

template <std::size_t kCount>
std::string_view find_title(const Title (&titles)[kCount], std::string_view name) {
  const auto* const found = std::find_if(std::begin(titles), std::end(titles),
                                         [name](const Title& one) { return one.name == name; });
  return found == std::end(titles) ? std::string_view() : found->title;
}

/// Cuts ENDING off NAME's end; false where it does not end so.
bool cut_end(std::string_view& name, std::string_view ending) {
  if (!name.ends_with(ending)) return false;
  name.remove_suffix(ending.size());
  return true;
}

bool cut_begin(std::string_view& name, std::string_view beginning) {
  if (!name.starts_with(beginning)) return false;
  name.remove_prefix(beginning.size());
  return true;
}

bool is_number(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(),
                                      [](char letter) { return letter >= '0' && letter <= '9'; });
}

/// "_p99" of NAME's end as ", p99".
std::string percentile_of(std::string_view& name) {
  const std::size_t at = name.rfind("_p");
  if (at == std::string_view::npos || !is_number(name.substr(at + 2))) return {};
  std::string text = ", " + std::string(name.substr(at + 1));
  name = name.substr(0, at);
  return text;
}

/// The control of a suite's flags, or the one that all suites of a joined result have.
std::string control_of(const Result& result) {
  std::string own = text_member(result.asked, "control");
  if (!own.empty() || !result.asked.is_object()) return own;
  std::string common;
  for (const nlohmann::json& suite : result.asked) {
    const std::string control = text_member(suite, "control");
    if (control.empty() || (!common.empty() && control != common)) return {};
    common = control;
  }
  return common;
}

}  // namespace

MetricName split_metric_name(std::string_view name) {
  const std::size_t slash = name.rfind('/');
  if (slash == std::string_view::npos) return {"", std::string(name)};
  return {std::string(name.substr(0, slash)), std::string(name.substr(slash + 1))};
}

std::string load_title(std::string_view load) {
  std::string_view rest = load;
  const std::string reverse = cut_end(rest, "_reverse") ? ", reverse" : "";
  if (cut_begin(rest, "tcp_")) return "TCP, " + with_blanks(rest) + reverse;
  if (rest == "udp_imix") return "UDP, IMIX" + reverse;
  if (cut_begin(rest, "udp_") && is_number(rest))
    return fmt::format("UDP, frames of {} bytes{}", rest, reverse);
  if (cut_begin(rest, "load_") && is_number(rest)) return fmt::format("{} % load", rest);
  if (load == "round_trip") return "round trips, nothing else";
  return with_blanks(load);
}

std::string measure_title(const MetricName& name) {
  std::string_view rest = name.measure;
  const bool is_reverse = cut_begin(rest, "reverse_");
  const char* const reverse =
      is_reverse && !std::string_view(name.load).ends_with("_reverse") ? ", reverse" : "";
  const std::string percentile = percentile_of(rest);
  const std::string_view title = find_title(kMeasures, rest);
  return (title.empty() ? with_blanks(rest) : std::string(title)) + percentile + reverse;
}

std::string metric_title(std::string_view name) {
  const MetricName parts = split_metric_name(name);
  if (parts.load.empty()) return measure_title(parts);
  return load_title(parts.load) + ": " + measure_title(parts);
}

std::string path_title(const Result& result, std::string_view path) {
  const std::string control = control_of(result);
  if (control.empty()) return std::string(path);
  if (path == kSubject) return "tunrelay";
  return path == kControl ? control : std::string(path);
}

std::string control_in_words(const Result& result) {
  return std::string(find_title(kControls, control_of(result)));
}

}  // namespace tunrelay
