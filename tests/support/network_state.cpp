// SPDX-License-Identifier: MIT
#include "support/network_state.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <sstream>
#include <thread>
#include <vector>

#include <nlohmann/json.hpp>

#include "support/process.hpp"

namespace tunrelay::test {
namespace {

using Lines = std::multiset<std::string>;
using nlohmann::json;

/// Takes out what differs between two looks at the same state, at any depth.
void remove_what_moves(json& item) {
  static const std::set<std::string> kMoving{
      "ifindex",    "valid_life_time", "preferred_life_time", "expires", "cache",
      "gc_timer",   "hello_timer",     "tcn_timer",           "users",   "age",
      "promiscuity"};
  if (item.is_object()) {
    for (const std::string& key : kMoving) item.erase(key);
    // The first time up brings the queueing discipline, and it stays with a device that is down.
    if (item.contains("qdisc") && item.contains("flags")) {
      const json& flags = item["flags"];
      if (std::find(flags.begin(), flags.end(), "UP") == flags.end()) item.erase("qdisc");
    }
    for (auto& [key, value] : item.items()) remove_what_moves(value);
  } else if (item.is_array()) {
    for (json& value : item) remove_what_moves(value);
  }
}

void add_items(Lines& lines, const std::string& kind, const std::string& command) {
  const std::string output = output_of(split(command));
  if (output.empty()) return;  // `ip -j` of an empty list, in some versions
  for (json& item : json::parse(output)) {
    if (item.empty()) continue;
    remove_what_moves(item);
    lines.insert(kind + " " + item.dump());
  }
}

void add_sysctl(Lines& lines, const std::filesystem::path& file) {
  std::ifstream stream(file);
  std::string value;
  if (std::getline(stream, value))
    lines.insert(fmt::format("sysctl {} = {}", file.string(), value));
}

void add_sysctls(Lines& lines) {
  const std::filesystem::path net = "/proc/sys/net";
  for (const char* name : {"ipv4/ip_forward", "ipv4/ip_nonlocal_bind", "ipv6/ip_nonlocal_bind"})
    add_sysctl(lines, net / name);
  for (const char* family : {"ipv4", "ipv6"}) {
    const std::filesystem::path interfaces = net / family / "conf";
    if (!std::filesystem::exists(interfaces)) continue;
    for (const auto& file : std::filesystem::recursive_directory_iterator(interfaces))
      if (file.is_regular_file()) add_sysctl(lines, file.path());
  }
}

/// Whether the kernel has still to find out that INTERFACE, of `ip -j address show`, has a carrier
/// or has none (net/core/link_watch.c), or that nobody else has its address (net/ipv6/addrconf.c).
bool is_moving(const json& interface) {
  if (!interface.contains("flags")) return false;
  const json& flags = interface["flags"];
  const auto has = [&flags](const char* flag) {
    return std::find(flags.begin(), flags.end(), flag) != flags.end();
  };
  if (!has("UP")) return false;
  // The first flag shows the carrier at once, the second when conclusions have been drawn.
  if (has("LOWER_UP") == has("NO-CARRIER")) return true;
  const json& addresses = interface["addr_info"];
  return has("LOWER_UP") &&
         std::any_of(addresses.begin(), addresses.end(),
                     [](const json& address) { return address.value("tentative", false); });
}

void wait_for_the_kernel() {
  // To find out that an address is free takes IPv6 up to two seconds (RFC 4862, 5.4.2, and one
  // probe), more on a busy machine.
  constexpr std::chrono::seconds kLimit{10};
  constexpr std::chrono::milliseconds kPause{10};
  const auto deadline = std::chrono::steady_clock::now() + kLimit;
  while (std::chrono::steady_clock::now() < deadline) {
    const json interfaces = json::parse(output_of(split("ip -j address show")));
    if (std::none_of(interfaces.begin(), interfaces.end(), is_moving)) return;
    std::this_thread::sleep_for(kPause);
  }
}

Lines split(const std::string& text) {
  std::istringstream stream(text);
  Lines lines;
  for (std::string line; std::getline(stream, line);) lines.insert(line);
  return lines;
}

std::string missing_from(const Lines& some, const Lines& others, const char* mark) {
  std::vector<std::string> missing;
  std::set_difference(some.begin(), some.end(), others.begin(), others.end(),
                      std::back_inserter(missing));
  std::string text;
  for (const std::string& line : missing) text += fmt::format("\n{} {}", mark, line);
  return text;
}

}  // namespace

std::string network_state() {
  wait_for_the_kernel();
  Lines lines;
  add_items(lines, "link", "ip -d -j link show");
  add_items(lines, "address", "ip -d -j address show");
  add_items(lines, "rule4", "ip -d -j -4 rule show");
  add_items(lines, "rule6", "ip -d -j -6 rule show");
  add_items(lines, "route4", "ip -d -j -4 route show table all");
  add_items(lines, "route6", "ip -d -j -6 route show table all");
  add_sysctls(lines);
  std::string text;
  for (const std::string& line : lines) text += line + "\n";
  return text;
}

::testing::AssertionResult same_network_state(const std::string& before, const std::string& after) {
  if (before == after) return ::testing::AssertionSuccess();
  const Lines had = split(before);
  const Lines has = split(after);
  return ::testing::AssertionFailure()
         << "the network state differs:" << missing_from(had, has, "-")
         << missing_from(has, had, "+");
}

}  // namespace tunrelay::test
