// SPDX-License-Identifier: MIT
// What loads, metrics and paths are called where people read them at leisure: "TCP, 4 flows",
// "one-way delay, p99", "veth". Programs keep the names of the model.
#pragma once

#include <string>
#include <string_view>

#include "result/result.hpp"

namespace tunrelay {

/// "udp_64/one_way_p50" in its two parts; a generator's own result has no load.
struct MetricName {
  std::string load;  ///< may be empty
  std::string measure;
};
[[nodiscard]] MetricName split_metric_name(std::string_view name);

/// "tcp_4_flows" -> "TCP, 4 flows". What is not known has blanks for its underscores.
[[nodiscard]] std::string load_title(std::string_view load);
/// "reverse_one_way_p99" -> "one-way delay, p99, reverse"; without "reverse" where the load's own
/// title has it.
[[nodiscard]] std::string measure_title(const MetricName& name);
/// Both, as "TCP, 4 flows: throughput".
[[nodiscard]] std::string metric_title(std::string_view name);
/// Of `bench`: "tunrelay" and "veth" for its subject and control; else PATH itself.
[[nodiscard]] std::string path_title(const Result& result, std::string_view path);
/// Of `bench`: the control in words, "the kernel's veth pair"; empty where there is none.
[[nodiscard]] std::string control_in_words(const Result& result);

}  // namespace tunrelay
