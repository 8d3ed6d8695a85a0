// SPDX-License-Identifier: MIT
#include "convert/tcconfig.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/exact_units.hpp"
#include "base/json_text.hpp"
#include "convert/foreign_quantity.hpp"
#include "link/token.hpp"

namespace tunrelay {
namespace {

/// In the order of the file.
using Json = nlohmann::ordered_json;

constexpr std::array<const char*, 2> kRuleDirections{"outgoing", "incoming"};

/// A condition of a rule, and the words of a filter (pcap-filter(7)) before its value.
struct Condition {
  std::string_view name;
  const char* filter;
};
constexpr std::array<Condition, 8> kConditions{{{"dst-network", "dst net"},
                                                {"network", "dst net"},
                                                {"src-network", "src net"},
                                                {"dst-port", "dst port"},
                                                {"port", "dst port"},
                                                {"src-port", "src port"},
                                                {"exclude-dst-port", "not dst port"},
                                                {"exclude-src-port", "not src port"}}};

class Rule {
 public:
  Rule(Conversion& conversion, std::size_t direction, std::string place)
      : conversion_(conversion), direction_(direction), place_(std::move(place)) {}

  void read(const std::string& conditions, const Json& rule) {
    read_conditions(conditions);
    if (!rule.is_object()) return leave_out(bare_text(rule), "a rule is an object");
    for (const auto& [name, value] : rule.items()) read_member(name, bare_text(value));
    // The order in which netem applies them; tcset makes one netem of them.
    for (const std::string& stage : {loss_, duplicate_, corrupt_, delay(), rate_})
      if (!stage.empty()) conversion_.add(direction_, stage + filter(), place_, stage);
  }

 private:
  void read_conditions(const std::string& text) {
    for (std::size_t begin = 0; begin < text.size();) {
      const std::size_t end = std::min(text.find(',', begin), text.size());
      std::string one = text.substr(begin, end - begin);
      std::erase(one, ' ');
      begin = end + 1;
      const std::size_t equals = std::min(one.find('='), one.size());
      read_condition(one.substr(0, equals), one.substr(std::min(equals + 1, one.size())));
    }
  }

  void read_condition(const std::string& name, const std::string& value) {
    if (name.empty() || value == "0.0.0.0/0" || value == "::/0") return;
    if (name == "protocol") {
      if (value == "ipv6" || value == "ip6")
        conditions_.emplace_back("ip6");
      else if (value != "ip" && value != "all")
        leave_out("protocol=" + value, "ip and ipv6 alone are known");
      return;
    }
    for (const Condition& known : kConditions)
      if (known.name == name)
        return conditions_.push_back(fmt::format("{} {}", known.filter, value));
    leave_out(name + "=" + value, "no filter is made of it");
  }

  void read_member(const std::string& name, const std::string& text) {
    if (name == "filter_id") return;
    if (name == "delay") return read_time(name, text, delay_ns_);
    if (name == "delay-distro") return read_time(name, text, jitter_ns_);
    if (name == "rate") {
      const auto bits_per_s = plain_rate_bits_per_s(text);
      if (!bits_per_s) return leave_out(name + " " + text, "it can't be read");
      rate_ = "rate " + print_rate(*bits_per_s);
      return;
    }
    const auto ratio = tc_ratio(text);
    if (!ratio) return leave_out(name + " " + text, "it can't be read, or is not known");
    if (name == "loss")
      loss_ = "loss " + print_ratio(*ratio);
    else if (name == "duplicate")
      duplicate_ = "duplicate " + print_ratio(*ratio);
    else if (name == "corrupt")
      corrupt_ = "corrupt " + print_ratio(*ratio);
    else if (name == "reordering")
      reorder_ = " reorder " + print_ratio(*ratio);
    else
      leave_out(name + " " + text, "it is not known");
  }

  /// Before version 0.20 times were milliseconds without a unit.
  void read_time(const std::string& name, const std::string& text, std::int64_t& time_ns) {
    const auto read_ns = plain_time_ns(text, kNanosecondsPerMillisecond);
    if (!read_ns) return leave_out(name + " " + text, "it can't be read");
    time_ns = *read_ns;
  }

  /// tcset asks netem for a normal distribution.
  std::string delay() {
    if (delay_ns_ == 0) {
      if (jitter_ns_ != 0) leave_out("delay-distro", "it stands without a delay");
      if (!reorder_.empty()) leave_out("reordering", "it stands without a delay");
      return {};
    }
    return fmt::format("delay {}{}{}", print_duration(delay_ns_),
                       jitter_ns_ == 0 ? "" : " " + print_duration(jitter_ns_) + " normal",
                       reorder_);
  }

  std::string filter() {
    if (conditions_.empty()) return {};
    return " if " + quoted(fmt::format("{}", fmt::join(conditions_, " and ")));
  }
  static std::string quoted(const std::string& text) {
    std::string token = print_token(text);
    return token.starts_with('"') ? token : "\"" + token + "\"";
  }

  void leave_out(const std::string& what, const std::string& reason) {
    conversion_.leave_out(place_, what, reason);
  }

  Conversion& conversion_;
  std::size_t direction_;
  std::string place_;
  std::vector<std::string> conditions_;
  std::string loss_, duplicate_, corrupt_, reorder_, rate_;
  std::int64_t delay_ns_ = 0;
  std::int64_t jitter_ns_ = 0;
};

bool has_rules(const Json& device) {
  return device.is_object() && std::any_of(device.begin(), device.end(), [](const Json& one) {
           return one.is_object() && !one.empty();
         });
}

void read_device(Conversion& conversion, const std::string& name, const Json& device) {
  for (const auto& [key, rules] : device.items()) {
    const auto known = std::find(kRuleDirections.begin(), kRuleDirections.end(), key);
    if (known == kRuleDirections.end() || !rules.is_object()) {
      conversion.leave_out(conversion.place(name), key, "outgoing and incoming hold rules");
      continue;
    }
    const auto direction = static_cast<std::size_t>(known - kRuleDirections.begin());
    for (const auto& [conditions, rule] : rules.items())
      Rule(conversion, direction, conversion.place(fmt::format("{}/{}/{}", name, key, conditions)))
          .read(conditions, rule);
  }
}

}  // namespace

Conversion convert_tcconfig(std::string_view text, const std::string& source) {
  Conversion conversion(source);
  Json json;
  try {
    json = Json::parse(text);
  } catch (const Json::exception& error) {
    throw_usage_error("convert", source, bare_message(error), "it is not JSON");
  }
  bool found = false;
  bool is_tcconfig = false;
  if (json.is_object())
    for (const auto& [name, device] : json.items()) {
      is_tcconfig |= device.is_object() &&
                     (device.contains(kRuleDirections[0]) || device.contains(kRuleDirections[1]));
      if (!has_rules(device)) continue;
      if (found)
        conversion.leave_out(conversion.place(name), name,
                             "it is another interface: convert each by itself");
      else
        read_device(conversion, name, device);
      found = true;
    }
  if (!is_tcconfig)
    throw_usage_error("convert", source, "it is JSON, but not what tcshow prints",
                      "an interface has \"outgoing\" and \"incoming\"");
  return conversion;
}

}  // namespace tunrelay
