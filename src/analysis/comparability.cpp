// SPDX-License-Identifier: MIT
#include "analysis/comparability.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <string_view>

#include "base/json_text.hpp"

namespace tunrelay {
namespace {

using nlohmann::json;

enum class Weight : std::uint8_t {
  kMatters,
  kMentioned,
};

struct EnvironmentKey {
  const char* key;
  Weight weight;
  const char* reason;
};

constexpr const char* kSocketLimits = "sockets drop, and senders stop, at other fill levels";

/// What is not here (load, versions of libraries) does not count against a baseline.
constexpr EnvironmentKey kEnvironmentKeys[] = {
    {"machine_id", Weight::kMatters, "another machine has other neighbours and other firmware"},
    {"processor", Weight::kMatters, "other CPUs run at another speed"},
    {"machine", Weight::kMatters, "another architecture runs other code"},
    {"cpus", Weight::kMatters, "the threads share the CPUs otherwise"},
    {"cpus_online", Weight::kMatters, "the threads share the CPUs otherwise"},
    {"smt", Weight::kMatters, "siblings of a core share its units"},
    {"boost", Weight::kMatters, "the frequency follows other rules"},
    {"governor", Weight::kMatters, "the frequency follows other rules"},
    {"kernel", Weight::kMatters, "most of a packet's way is the kernel's"},
    {"mitigations", Weight::kMatters, "they make each system call longer"},
    {"virtual", Weight::kMatters, "a hypervisor adds exits and other guests"},
    {"clock_source", Weight::kMatters, "each look at the clock takes another time"},
    {"default_congestion_control", Weight::kMatters, "TCP sends by other rules"},
    {"default_qdisc", Weight::kMatters, "packets queue by other rules"},
    {"netdev_max_backlog", Weight::kMatters, "packets queue by other rules"},
    {"tcp_timestamps", Weight::kMatters, "TCP's headers have another length"},
    {"tcp_rmem", Weight::kMatters, kSocketLimits},
    {"tcp_wmem", Weight::kMatters, kSocketLimits},
    {"rmem_default", Weight::kMatters, kSocketLimits},
    {"wmem_default", Weight::kMatters, kSocketLimits},
    {"rmem_max", Weight::kMatters, kSocketLimits},
    {"wmem_max", Weight::kMatters, kSocketLimits},
    {"busy_poll", Weight::kMatters, "receivers spin instead of sleeping"},
    {"busy_read", Weight::kMatters, "receivers spin instead of sleeping"},
    {"kernel_build", Weight::kMentioned, "the same version may be configured otherwise"},
    {"cmdline", Weight::kMentioned, "some of the kernel's parameters change its timing"},
    {"thp", Weight::kMentioned, "buffers may lie in other pages"},
    {"aslr", Weight::kMentioned, "memory is laid out otherwise"},
    {"memory_bytes", Weight::kMentioned, "it is seldom short here"},
    {"boot_id", Weight::kMentioned, "memory is laid out again at each boot"},
    {"compiler", Weight::kMentioned, "it may be a part of the difference"},
};

/// Flags that say how long, how often and where to, not what is measured. All others of `asked`
/// are its configuration.
constexpr std::string_view kFreeFlags[] = {
    "title", "seed",  "repetitions", "rounds", "confidence", "out",
    "json",  "force", "progress",    "base",   "head",       "time_limit_ns",
};

bool none_is_free(std::string_view /*name*/) {
  return false;
}

bool is_known(const json& value) {
  return !value.is_null();
}

json member(const json& object, const std::string& key) {
  return object.is_object() && object.contains(key) ? object[key] : json();
}

class Findings {
 public:
  explicit Findings(const SideNames& names) : names_(names) {}

  std::vector<std::string> that_matter;
  std::vector<std::string> to_mention;

  void add(Weight weight, std::string sentence) {
    (weight == Weight::kMatters ? that_matter : to_mention).push_back(std::move(sentence));
  }

  /// NAME has these values on the two sides.
  void compare(Weight weight, const std::string& name, const json& base, const json& head,
               std::string_view reason) {
    if (base == head) return;
    std::string sentence = fmt::format("{} is {} in {} and {} in {}", name,
                                       is_known(base) ? bare_text(base) : "missing", names_.base,
                                       is_known(head) ? bare_text(head) : "missing", names_.head);
    if (!reason.empty()) sentence += fmt::format(": {}", reason);
    add(weight, std::move(sentence));
  }

  /// All members of both, at any depth, but for those that are FREE at the top.
  template <typename IsFree>
  void compare_members(Weight weight, const std::string& name, const json& base, const json& head,
                       std::string_view reason, const IsFree& is_free) {
    const json of_base = flattened(base);
    const json of_head = flattened(head);
    json names = of_base;
    names.update(of_head);
    for (const auto& [pointer, value] : names.items()) {
      const std::string top = pointer.substr(1, pointer.find('/', 1) - 1);
      if (!is_free(top))
        compare(weight, name + pointer, member(of_base, pointer), member(of_head, pointer), reason);
    }
  }

 private:
  /// {"/queues": 2, "/pinning/0": 1, ...}. An object without members is as good as none.
  static json flattened(const json& value) {
    return value.is_structured() && !value.empty() ? value.flatten() : json::object();
  }

  const SideNames& names_;
};

void compare_environments(Findings& findings, const json& base, const json& head) {
  for (const EnvironmentKey& key : kEnvironmentKeys) {
    const json of_base = member(base, key.key);
    const json of_head = member(head, key.key);
    // What one side does not say may well be the same.
    const Weight weight = is_known(of_base) && is_known(of_head) ? key.weight : Weight::kMentioned;
    const std::string name = fmt::format("environment/{}", key.key);
    if (of_base.is_object() && of_head.is_object())
      findings.compare_members(weight, name, of_base, of_head, key.reason, none_is_free);
    else
      findings.compare(weight, name, of_base, of_head, key.reason);
  }
}

void compare_metrics(Findings& findings, const Result& base, const Result& head,
                     const SideNames& names) {
  for (const Metric& metric : base.metrics) {
    const Metric* other = head.find_metric(metric.name);
    if (other == nullptr) {
      findings.add(Weight::kMentioned, fmt::format("{} has no metric {}", names.head, metric.name));
      continue;
    }
    findings.compare(Weight::kMatters, fmt::format("the unit of {}", metric.name), metric.unit,
                     other->unit, "");
    if (metric.better != other->better)
      findings.add(Weight::kMatters, fmt::format("{} and {} differ in which way {} is better",
                                                 names.base, names.head, metric.name));
  }
}

/// What was measured, and how: the suite, the flags, the metrics.
void compare_configurations(Findings& findings, const Result& base, const Result& head,
                            const SideNames& names) {
  const auto is_free_flag = [](std::string_view flag) {
    return std::find(std::begin(kFreeFlags), std::end(kFreeFlags), flag) != std::end(kFreeFlags);
  };
  findings.compare(Weight::kMatters, "the suite", base.suite, head.suite, "");
  findings.compare_members(Weight::kMatters, "asked", base.asked, head.asked, "", is_free_flag);
  compare_metrics(findings, base, head, names);
}

Findings compare_all(const Result& base, const Result& head) {
  static const SideNames kNames{"base", "head"};
  Findings findings(kNames);
  compare_configurations(findings, base, head, kNames);
  compare_environments(findings, base.environment, head.environment);
  findings.compare_members(Weight::kMentioned, "done", base.done, head.done, "", none_is_free);
  for (const auto& [name, result] : {std::pair{"base", &base}, std::pair{"head", &head}})
    if (!result->complete)
      findings.add(Weight::kMentioned,
                   fmt::format("{} was cut short, and has fewer samples", name));
  return findings;
}

}  // namespace

std::vector<std::string> incompatibilities(const Result& base, const Result& head) {
  return compare_all(base, head).that_matter;
}

std::vector<std::string> differences_to_mention(const Result& base, const Result& head) {
  return compare_all(base, head).to_mention;
}

std::vector<std::string> configuration_differences(const Result& one, const Result& other,
                                                   const SideNames& names) {
  Findings findings(names);
  compare_configurations(findings, one, other, names);
  for (const char* key : {"commit", "tunrelay"})
    findings.compare(Weight::kMatters, fmt::format("environment/{}", key),
                     member(one.environment, key), member(other.environment, key),
                     "another program was measured");
  return findings.that_matter;
}

}  // namespace tunrelay
