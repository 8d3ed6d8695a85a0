// SPDX-License-Identifier: MIT
#include "result/environment.hpp"

#include <fmt/format.h>
#include <sys/utsname.h>
#include <zlib.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <optional>
#include <set>
#include <vector>

#include "base/error.hpp"
#include "os/cpu_topology.hpp"
#include "os/text_file.hpp"
#include "result/sha256.hpp"
#include "result/virtualization.hpp"

namespace tunrelay {
namespace {

using nlohmann::json;

/// Kernel settings that decide figures, by the names under which they are reported.
struct Setting {
  const char* name;
  const char* path;
};
constexpr Setting kSettings[] = {
    {"default_congestion_control", "net/ipv4/tcp_congestion_control"},
    {"default_qdisc", "net/core/default_qdisc"},
    {"tcp_rmem", "net/ipv4/tcp_rmem"},
    {"tcp_wmem", "net/ipv4/tcp_wmem"},
    {"tcp_timestamps", "net/ipv4/tcp_timestamps"},
    {"rmem_default", "net/core/rmem_default"},
    {"rmem_max", "net/core/rmem_max"},
    {"wmem_default", "net/core/wmem_default"},
    {"wmem_max", "net/core/wmem_max"},
    {"busy_poll", "net/core/busy_poll"},
    {"busy_read", "net/core/busy_read"},
    {"netdev_max_backlog", "net/core/netdev_max_backlog"},
    {"netdev_budget", "net/core/netdev_budget"},
    {"netdev_budget_usecs", "net/core/netdev_budget_usecs"},
    {"ip_forward", "net/ipv4/ip_forward"},
    {"aslr", "kernel/randomize_va_space"},
    {"sched_rt_runtime_us", "kernel/sched_rt_runtime_us"},
};

/// The files of one machine, or of a copy of its /proc and /sys.
class Files {
 public:
  explicit Files(const std::string& root) : root_(root) {}

  [[nodiscard]] std::optional<std::string> text(const std::string& path) const {
    auto text = read_text_file(root_ + path);
    if (text && text->empty()) text.reset();
    return text;
  }
  [[nodiscard]] std::vector<std::string> names_in(const std::string& path) const {
    std::vector<std::string> names;
    std::error_code error;
    for (std::filesystem::directory_iterator at(root_ + path, error), end; !error && at != end;
         at.increment(error))
      names.push_back(at->path().filename().string());
    std::sort(names.begin(), names.end());
    return names;
  }

 private:
  std::string root_;
};

json or_null(const std::optional<std::string>& text) {
  return text ? json(*text) : json();
}

/// A whole number is reported as one, all else as the kernel's text.
json number_or_text(const std::optional<std::string>& text) {
  if (!text) return {};
  std::int64_t number = 0;
  const char* end = text->data() + text->size();
  const auto [rest, error] = std::from_chars(text->data(), end, number);
  if (error == std::errc{} && rest == end) return number;
  return *text;
}

/// What stands behind the first `KEY BLANKS : BLANKS` in a list such as /proc/cpuinfo.
std::optional<std::string> value_in_list(const std::optional<std::string>& list,
                                         std::string_view key) {
  if (!list) return std::nullopt;
  const std::string text = "\n" + *list;
  for (std::size_t at = 0; (at = text.find('\n', at)) != std::string::npos;) {
    if (text.compare(++at, key.size(), key) != 0) continue;
    const std::size_t colon = text.find_first_not_of(" \t", at + key.size());
    if (colon == std::string::npos || text[colon] != ':') continue;
    const std::size_t end = text.find('\n', colon);
    const std::size_t begin = text.find_first_not_of(" \t", colon + 1);
    if (begin == std::string::npos || begin >= end) return std::nullopt;
    return text.substr(begin, end == std::string::npos ? end : end - begin);
  }
  return std::nullopt;
}

/// How many CPUs a list such as "0-3,8" names.
json count_of_cpus(const std::optional<std::string>& list) {
  if (!list) return {};
  try {
    return parse_cpu_list(*list).size();
  } catch (const Error&) {
    return {};  // over a thousand of them, or no list
  }
}

json switch_state(const std::optional<std::string>& text) {
  if (text != "0" && text != "1") return {};
  return text == "1";
}

json processor(const Files& files) {
  const auto list = files.text("/proc/cpuinfo");
  for (const char* key : {"model name", "Processor", "cpu", "Hardware"})  // x86, Arm, POWER
    if (auto name = value_in_list(list, key)) return *name;
  return or_null(files.text("/proc/device-tree/model"));
}

json memory_bytes(const Files& files) {
  const auto total = value_in_list(files.text("/proc/meminfo"), "MemTotal");
  std::uint64_t kib = 0;
  if (!total ||
      std::from_chars(total->data(), total->data() + total->size(), kib).ec != std::errc{})
    return {};
  return kib * 1024;
}

/// One name where all CPUs have the same, else all of them.
json governor(const Files& files) {
  const std::string folder = "/sys/devices/system/cpu/cpufreq/";
  std::set<std::string> governors;
  for (const std::string& policy : files.names_in(folder))
    if (auto name = files.text(folder + policy + "/scaling_governor")) governors.insert(*name);
  if (governors.empty()) return {};
  return fmt::format("{}", fmt::join(governors, ", "));
}

/// Whether the clock may rise above its rated frequency, as load and warmth allow.
json boost(const Files& files) {
  json on = switch_state(files.text("/sys/devices/system/cpu/cpufreq/boost"));
  if (!on.is_null()) return on;
  json off = switch_state(files.text("/sys/devices/system/cpu/intel_pstate/no_turbo"));
  return off.is_null() ? off : json(!off.get<bool>());
}

json mitigations(const Files& files) {
  const std::string folder = "/sys/devices/system/cpu/vulnerabilities/";
  json found = json::object();
  for (const std::string& name : files.names_in(folder))
    if (const auto state = files.text(folder + name); state && *state != "Not affected")
      found[name] = *state;
  return found;
}

/// The kernel's own arguments: what follows "--" is for the first process.
json cmdline(const Files& files) {
  auto text = files.text("/proc/cmdline");
  if (!text) return {};
  const std::size_t end = (" " + *text + " ").find(" -- ");
  if (end != std::string::npos) text->resize(end == 0 ? 0 : end - 1);
  return *text;
}

/// The chosen one in "always [madvise] never".
json chosen(const std::optional<std::string>& choices) {
  if (!choices) return {};
  const std::size_t begin = choices->find('[');
  const std::size_t end = choices->find(']');
  if (begin == std::string::npos || end == std::string::npos || end < begin) return {};
  return choices->substr(begin + 1, end - begin - 1);
}

/// Equal on one machine, and no way back to its identity (machine-id(5) requires that).
json machine_id(const Files& files) {
  const auto identity = files.text("/etc/machine-id");
  if (!identity || *identity == "uninitialized") return {};
  return sha256_hex("tunrelay result " + *identity).substr(0, 32);
}

std::string compiler() {
#ifdef __clang__
  return "clang " __clang_version__;
#else
  return "g++ " __VERSION__;
#endif
}

json libraries() {
  return {{"fmt", fmt::format("{}.{}.{}", FMT_VERSION / 10000, FMT_VERSION / 100 % 100,
                              FMT_VERSION % 100)},
          {"hwloc", TUNRELAY_HWLOC_VERSION},
          {"liburing", TUNRELAY_LIBURING_VERSION},
          {"zlib", zlibVersion()}};
}

}  // namespace

json describe_environment(const std::string& root) {
  const Files files(root);
  utsname kernel{};
  ::uname(&kernel);
  const auto processors = files.text("/proc/cpuinfo");
  json environment{
      {"kernel", or_null(files.text("/proc/sys/kernel/osrelease"))},
      {"kernel_build", or_null(files.text("/proc/sys/kernel/version"))},
      {"machine", kernel.machine},
      {"machine_id", machine_id(files)},
      {"processor", processor(files)},
      {"cpus", count_of_cpus(value_in_list(files.text("/proc/self/status"), "Cpus_allowed_list"))},
      {"cpus_online", count_of_cpus(files.text("/sys/devices/system/cpu/online"))},
      {"numa_nodes", count_of_cpus(files.text("/sys/devices/system/node/online"))},
      {"smt", switch_state(files.text("/sys/devices/system/cpu/smt/active"))},
      {"memory_bytes", memory_bytes(files)},
      {"governor", governor(files)},
      {"boost", boost(files)},
      {"mitigations", mitigations(files)},
      {"cmdline", cmdline(files)},
      {"virtual", detect_virtualization(root)},
      {"load_average", or_null(files.text("/proc/loadavg"))},
      {"thp", chosen(files.text("/sys/kernel/mm/transparent_hugepage/enabled"))},
      {"clock_source",
       or_null(files.text("/sys/devices/system/clocksource/clocksource0/current_clocksource"))},
      {"compiler", compiler()},
      {"libraries", libraries()}};
  for (const Setting& setting : kSettings)
    environment[setting.name] =
        number_or_text(files.text(std::string("/proc/sys/") + setting.path));
  return environment;
}

}  // namespace tunrelay
