// SPDX-License-Identifier: MIT
// The options of the qdisc tbf, tc-tbf(8).
#include <fmt/format.h>

#include "base/exact_units.hpp"
#include "convert/tc_options.hpp"
#include "convert/tc_words.hpp"

namespace tunrelay {

std::vector<TcStage> tbf_stages(const ShellCommand& command, std::size_t first,
                                const LeaveOutWord& leave_out) {
  TcWords words(command, first);
  std::string rate;
  std::string burst;
  std::string framing;
  std::string limit;
  while (!words.at_end()) {
    const std::size_t begin = words.at();
    const std::string name = words.take();
    const auto leave = [&](const std::string& reason) {
      leave_out(begin, words.since(begin), reason);
    };
    bool is_read = true;
    if (name == "rate") {
      const auto bits_per_s = words.take_rate();
      if ((is_read = bits_per_s.has_value())) rate = "rate " + print_rate(*bits_per_s);
    } else if (name == "burst" || name == "buffer" || name == "maxburst") {
      const auto bytes = words.take_size();
      if ((is_read = bytes.has_value())) burst = " burst " + print_size(*bytes);
    } else if (name == "latency" || name == "lat") {  // `tc qdisc show` prints "lat"
      const auto latency_ns = words.take_time_ns();
      if ((is_read = latency_ns.has_value())) limit = " limit " + print_duration(*latency_ns);
    } else if (name == "limit") {
      const auto bytes = words.take_size();
      if ((is_read = bytes.has_value())) limit = fmt::format(" limit {}B", *bytes);
    } else if (name == "overhead") {
      const auto overhead = words.take_whole();
      if ((is_read = overhead.has_value())) framing += fmt::format(" overhead {}", *overhead);
    } else if (name == "linklayer") {
      const std::string layer = words.take();
      if (layer == "atm" || layer == "adsl")
        framing += " cell 48 5";
      else if (layer != "ethernet")
        leave("there are no such cells");
    } else if (name == "peakrate" || name == "mtu" || name == "minburst" || name == "mpu") {
      (void)words.take();
      leave("a rate has no such parameter");
    } else {
      leave("tbf has no such option");
    }
    if (!is_read) leave("it can't be read");
  }
  if (rate.empty()) {
    leave_out(first == 0 ? 0 : first - 1, "tbf", "it has no rate");
    return {};
  }
  return {{rate + burst + framing + limit, first, "tbf " + joined_words(command, first)}};
}

}  // namespace tunrelay
