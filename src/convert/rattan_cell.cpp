// SPDX-License-Identifier: MIT
#include "convert/rattan_cell.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

#include "base/exact_units.hpp"
#include "convert/foreign_quantity.hpp"
#include "link/token.hpp"

namespace tunrelay {
namespace {

/// Preamble, Ethernet header, check sequence and gap between frames (BwType::LinkLayer).
constexpr int kLinkLayerOverheadBytes = 38;

struct QueueName {
  std::string_view theirs;
  const char* ours;
};
constexpr std::array<QueueName, 6> kQueues{{{"Infinite", "infinite"},
                                            {"DropTail", "droptail"},
                                            {"DropHead", "drophead"},
                                            {"CoDel", "codel"},
                                            {"Red", "red"},
                                            {"Pie", "pie"}}};

class Cell {
 public:
  Cell(const toml::table& cell, const LeaveOutOfCell& leave_out)
      : cell_(cell), leave_out_(leave_out) {}

  std::vector<std::string> read() {
    const std::string type = text_of("type");
    if (type == "Delay") return delay();
    if (type == "Loss") return loss();
    if (type == "Bw") return bandwidth();
    if (type == "BwReplay") return bandwidth_trace();
    if (type == "TokenBucket") return token_bucket();
    if (type == "Shadow") return {};
    if (type == "Spy")
      leave_out_("the cell of type Spy", "--capture writes what crosses a link");
    else if (type == "DelayReplay" || type == "LossReplay" || type == "DelayPerPacket")
      leave_out_(fmt::format("the cell of type {}", type),
                 "a delay or loss does not follow a trace; `tunrelay link set` changes them");
    else
      leave_out_(fmt::format("the cell of type '{}'", type), "it has no counterpart");
    return {};
  }

 private:
  std::vector<std::string> delay() {
    const std::string text = text_of("delay");
    const auto delay_ns = text.empty() ? std::optional<std::int64_t>(0) : plain_time_ns(text);
    if (!delay_ns) return refuse("delay");
    if (*delay_ns == 0) return {};
    return {"delay " + print_duration(*delay_ns)};
  }

  /// The n-th number is the loss after n losses in a row; the last one holds from there on.
  std::vector<std::string> loss() {
    std::vector<double> pattern;
    if (const toml::array* array = cell_["pattern"].as_array())
      for (const toml::node& node : *array) pattern.push_back(node.value_or(-1.0));
    if (std::any_of(pattern.begin(), pattern.end(),
                    [](double ratio) { return !(ratio >= 0 && ratio <= 1); }))
      return refuse("pattern");
    while (pattern.size() > 1 && pattern.back() == pattern[pattern.size() - 2]) pattern.pop_back();
    if (pattern.empty() || (pattern.size() == 1 && pattern[0] == 0)) return {};
    if (pattern.size() == 1) return {"loss " + print_ratio(pattern[0])};
    if (pattern.size() == 2)  // two states: the last packet was lost, or was not
      return {
          fmt::format("loss gemodel {} {}", print_ratio(pattern[0]), print_ratio(1 - pattern[1]))};
    leave_out_(fmt::format("a loss pattern of {} numbers", pattern.size()),
               "a loss depends on the packet before alone");
    return {};
  }

  std::vector<std::string> bandwidth() {
    const std::string text = text_of("bandwidth");
    if (text.empty()) {
      leave_out_("a cell of type Bw without bandwidth", "it does not limit anything");
      return {};
    }
    const auto bits_per_s = plain_rate_bits_per_s(text);
    if (!bits_per_s) return refuse("bandwidth");
    return {fmt::format("rate {}{}{}", print_rate(*bits_per_s), framing(0), queue())};
  }

  std::vector<std::string> bandwidth_trace() {
    const std::string trace = text_of("trace");
    if (trace.ends_with(".json") || trace.ends_with(".toml")) {
      leave_out_(fmt::format("the trace {}", trace),
                 "it is one of netem-trace: write its steps as a file for `steps`");
      return {};
    }
    if (trace.empty()) return refuse("trace");
    // Of 1500 bytes without a header, where mahimahi counts 4 more of both.
    return {fmt::format("trace {}{}{}", print_token(trace), framing(4), queue())};
  }

  std::vector<std::string> token_bucket() {
    for (const char* name : {"peak_rate", "min_burst", "peakrate", "minburst"})
      if (cell_.contains(name)) leave_out_(name, "a rate has no peak");
    const auto bits_per_s = plain_rate_bits_per_s(text_of("rate"));
    if (!bits_per_s) return refuse("rate");
    const std::string burst_text = text_of("burst");
    std::string burst;
    if (!burst_text.empty()) {
      const auto bytes = plain_size_bytes(burst_text);
      if (!bytes) return refuse("burst");
      burst = " burst " + print_size(*bytes);
    }
    const auto limit = whole("limit");
    if (limit && *limit == 0) return {"policer " + print_rate(*bits_per_s) + burst};
    return {fmt::format("rate {}{}{}", print_rate(*bits_per_s), burst,
                        limit ? fmt::format(" limit {}B", *limit) : " infinite")};
  }

  std::string framing(int base) {
    const std::string type = text_of("bw_type");
    if (type == "LinkLayer") return fmt::format(" overhead {}", kLinkLayerOverheadBytes + base);
    if (!type.empty() && type != "NetworkLayer")
      leave_out_(fmt::format("bw_type = \"{}\"", type), "it is not known");
    return {};
  }

  std::string queue() {
    const std::string name = text_of("queue");
    const auto known = std::find_if(kQueues.begin(), kQueues.end(), [&](const QueueName& one) {
      return one.theirs == (name.empty() ? "Infinite" : name);
    });
    if (known == kQueues.end()) {
      leave_out_(fmt::format("queue = \"{}\"", name), "it is not known");
      return {};
    }
    std::string limit;
    std::string parameters;
    if (const toml::table* config = cell_["queue_config"].as_table())
      for (const auto& [key, node] : *config)
        queue_parameter(std::string(key.str()), node, known->ours, limit, parameters);
    return fmt::format("{} {}{}", limit, known->ours, parameters);
  }

  void queue_parameter(const std::string& name, const toml::node& node, std::string_view kind,
                       std::string& limit, std::string& parameters) {
    const auto number = node.value<std::int64_t>();
    const auto time_ns = plain_time_ns(node.value_or(std::string()));
    const bool is_count = number && *number >= 0;
    if (name == "packet_limit" && is_count)
      limit = fmt::format(" limit {} packets", *number);
    else if (name == "byte_limit" && is_count && limit.empty())
      limit = fmt::format(" limit {}B", *number);
    else if (name == "target" && time_ns)
      parameters += " target " + print_duration(*time_ns);
    else if ((name == "interval" || name == "t_update") && time_ns)
      parameters += " interval " + print_duration(*time_ns);
    else if (name == "ref_del" && node.is_number())
      parameters += fmt::format(" target {:.0f}us", node.value_or(0.0) * 1e6);
    else if (name == "min_th" && is_count && kind == "red")
      parameters += fmt::format(" min {}B", *number);
    else if (name == "max_th" && is_count && kind == "red")
      parameters += fmt::format(" max {}B", *number);
    else if (name == "max_p" && node.is_number() && is_ratio(node.value_or(-1.0)))
      parameters += " probability " + print_ratio(node.value_or(0.0));
    else if (name != "bw_type" || node.value_or(std::string()) != "NetworkLayer")
      leave_out_(fmt::format("{} of the queue", name), "a queue has no such parameter");
  }

  static bool is_ratio(double value) { return value >= 0 && value <= 1; }

  [[nodiscard]] std::string text_of(const char* key) const {
    return cell_[key].value_or(std::string());
  }
  [[nodiscard]] std::optional<std::int64_t> whole(const char* key) const {
    const auto number = cell_[key].value<std::int64_t>();
    return number && *number >= 0 ? number : std::nullopt;
  }
  std::vector<std::string> refuse(const char* key) {
    leave_out_(key, "it can't be read");
    return {};
  }

  const toml::table& cell_;
  const LeaveOutOfCell& leave_out_;
};

}  // namespace

std::vector<std::string> rattan_cell_stages(const toml::table& cell,
                                            const LeaveOutOfCell& leave_out) {
  return Cell(cell, leave_out).read();
}

}  // namespace tunrelay
