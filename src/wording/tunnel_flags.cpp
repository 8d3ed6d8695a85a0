#include "wording/tunnel_flags.hpp"

#include <fmt/format.h>

#include <sstream>

#include <CLI/CLI.hpp>

#include "base/cpu_topology.hpp"
#include "base/error.hpp"
#include "base/units.hpp"
#include "wording/build_info.hpp"

namespace tunrelay {
namespace {

std::vector<IpPrefix> parse_addresses(const std::string& list) {
  std::vector<IpPrefix> addresses;
  std::istringstream words(list);
  for (std::string word; std::getline(words, word, ',');)
    addresses.push_back(IpPrefix::parse(word));
  return addresses;
}

void apply_end(const std::string& device, const std::string& addresses, const std::string& netns,
               EndOptions& end) {
  if (!device.empty()) end.device = device;
  if (!addresses.empty()) end.addresses = parse_addresses(addresses);
  if (!netns.empty()) end.netns = netns;
}

/// What packets meet on their way.
void add_way_flags(CLI::App& command, TunnelFlags& flags) {
  add_link_flags(command, flags.link);
  command
      .add_option("--hold-limit", flags.hold_limit,
                  "memory for what delays, queues and stages of your own hold, for each queue and "
                  "direction: "
                  "16M to 2G; what comes beyond is dropped as hold_full")
      ->capture_default_str();
  command
      .add_option(
          "--stage", flags.stages,
          "a stage of your own, LIBRARY.so[,KEY=VALUE]...; given again, the first is next to "
          "the devices and the last next to the link")
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->allow_extra_args(false);
}

}  // namespace

void add_tunnel_flags(CLI::App& command, TunnelFlags& flags) {
  const TunnelOptions defaults;
  const auto add = [&command](const char* name, std::string& value, const char* help) {
    return command.add_option(name, value, help);
  };
  add("-a,--device-a", flags.device_a, "name of device a [tun0, or tap0 with --type tap]");
  add("-b,--device-b", flags.device_b, "name of device b [tun1, or tap1 with --type tap]");
  add("--address-a", flags.address_a,
      "addresses of a, parted by commas [192.168.13.1/24,fd13::1/64]");
  add("--address-b", flags.address_b, "addresses of b [192.168.13.2/24,fd13::2/64]");
  add("--type", flags.type, "tun (IP packets) or tap (Ethernet frames)")
      ->check(CLI::IsMember({"tun", "tap"}))
      ->capture_default_str();
  add("--strategy", flags.strategy, "how traffic to the host's own addresses is led across")
      ->check(CLI::IsMember({"policy", "classic", "namespaces"}))
      ->capture_default_str();
  add("--netns-a", flags.netns_a, "namespaces: the namespace that is made for a [tunrelay-a]");
  add("--netns-b", flags.netns_b, "namespaces: the namespace that is made for b [tunrelay-b]");
  add("--queues", flags.queues, "queue pairs, a worker thread each: 1 to 256, or auto, by the CPUs")
      ->check(CLI::IsMember({"auto"}) | CLI::Range(1, 256))
      ->capture_default_str();
  add("--engine", flags.engine, "uring (io_uring), syscall (epoll, readv, writev), or auto")
      ->check(CLI::IsMember({"auto", "uring", "syscall"}))
      ->capture_default_str();
  add("--offload", flags.offload, "super-packets and checksums left to the kernel: on or off")
      ->check(CLI::IsMember({"on", "off"}))
      ->capture_default_str();
  add("--coalesce", flags.coalesce, "merge small packets of a flow into one write: on or off")
      ->check(CLI::IsMember({"on", "off"}))
      ->capture_default_str();
  add("--cpus", flags.cpus, "CPUs for the workers, for example 0,2-3 [by hwloc]");
  add("--busy-poll", flags.busy_poll,
      "look that long for the next packet before sleeping, for example 50us: a shorter round trip "
      "for a busy CPU; auto: only while it pays; 0: never")
      ->capture_default_str();
  add("--min-wait", flags.min_wait,
      "let packets gather: turns begin at least that far apart, for example 50us: fewer wake-ups "
      "for longer round trips")
      ->capture_default_str();
  add("--path-check-interval", flags.path_check_interval,
      "between two standing checks of the path, a probe for each direction and address family, for "
      "example 500ms; 0: none")
      ->capture_default_str();
  add("--mtu", flags.mtu, "MTU of both devices in bytes, 68 to 65535")->capture_default_str();
  command.add_option("--txqueuelen", flags.txqueuelen, "packets that a device's queue holds")
      ->capture_default_str();
  add("--congestion-control", flags.congestion_control,
      "what TCP across begins with, for example cubic [the host's default]. A program that chooses "
      "one for a connected socket, as iperf3 -C does, keeps what the default has set up: BBR's "
      "pacing");
  add_way_flags(command, flags);
  command.add_flag("--trace", flags.trace, "print a line a packet, off the packet path");
  add_capture_flags(command, flags.capture);
  command
      .add_option("--burn", flags.burn_percent,
                  "for tests of `compare`: workers use that many percent more CPU time")
      ->check(CLI::Range(0.0, 1000.0))
      ->capture_default_str();
  add("--control", flags.control,
      "where `tunrelay link` and `tunrelay capture` reach this relay: a unix socket's path, none, "
      "or auto: in /run/tunrelay for root, in $XDG_RUNTIME_DIR/tunrelay for others")
      ->capture_default_str();
  add("--state-dir", flags.state_directory, "where the journal of changes is kept [/run/tunrelay]");
  add("--config", flags.config_file, "read flags from a TOML file; flags given here win");
}

TunnelOptions tunnel_options(const TunnelFlags& flags) {
  TunnelOptions options;
  options.type = flags.type == "tap" ? DeviceType::kTap : DeviceType::kTun;
  if (options.type == DeviceType::kTap) {
    options.a.device = "tap0";
    options.b.device = "tap1";
  }
  apply_end(flags.device_a, flags.address_a, flags.netns_a, options.a);
  apply_end(flags.device_b, flags.address_b, flags.netns_b, options.b);
  options.strategy = parse_strategy(flags.strategy);
  if (flags.queues != "auto") options.queues = std::stoul(flags.queues);
  options.mtu_bytes =
      static_cast<std::uint32_t>(std::min<std::uint64_t>(parse_size_bytes(flags.mtu), UINT32_MAX));
  options.txqueuelen = flags.txqueuelen;
  options.congestion_control = flags.congestion_control;
  options.offload = flags.offload == "on";
  options.coalesce = flags.coalesce == "on";
  if (flags.engine == "uring") options.engine = EngineKind::kUring;
  if (flags.engine == "syscall") options.engine = EngineKind::kSyscall;
  if (flags.busy_poll != "auto") options.busy_poll_ns = parse_duration_ns(flags.busy_poll);
  options.min_wait_ns = parse_duration_ns(flags.min_wait);
  options.path_check_interval_ns = parse_duration_ns(flags.path_check_interval);
  if (!flags.cpus.empty()) options.cpus = parse_cpu_list(flags.cpus);
  options.link = link_description(flags.link);
  options.hold_limit_bytes = parse_size_bytes(flags.hold_limit);
  for (const std::string& stage : flags.stages)
    options.stages.push_back(StageRequest::parse(stage));
  options.trace = flags.trace;
  if (!flags.capture.file.empty()) options.capture = capture_options(flags.capture);
  options.application = fmt::format("tunrelay {}", kVersion);
  options.burn_ratio = flags.burn_percent / 100;
  options.state_directory = flags.state_directory;
  check_tunnel_options(options);
  return options;
}

}  // namespace tunrelay
