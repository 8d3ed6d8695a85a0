// SPDX-License-Identifier: MIT
#include "config/tunnel_flags.hpp"

#include <fmt/format.h>

#include <sstream>

#include <CLI/CLI.hpp>

#include "base/build_info.hpp"
#include "base/error.hpp"
#include "base/units.hpp"
#include "config/flag_group.hpp"
#include "os/cpu_topology.hpp"
#include "tunnel/tunnel_user.hpp"

namespace tunrelay {
namespace {

constexpr const char* kDeviceHeading = "Devices and addresses";
constexpr const char* kRoutingHeading = "Routing";

std::vector<IpPrefix> parse_addresses(const std::string& list) {
  std::vector<IpPrefix> addresses;
  std::istringstream text(list);
  for (std::string word; std::getline(text, word, ',');) addresses.push_back(IpPrefix::parse(word));
  return addresses;
}

void apply_end(const std::string& device, const std::string& addresses, const std::string& netns,
               EndOptions& end) {
  if (!device.empty()) end.device = device;
  if (!addresses.empty()) end.addresses = parse_addresses(addresses);
  if (!netns.empty()) end.netns = netns;
}

void add_relay_flags(CLI::App& command, TunnelFlags& flags) {
  FlagGroup group(command, "Relay");
  // CLI11's own description of the check would stand in the help.
  group
      .value("--queues", flags.queues, "N|auto",
             "queue pairs, a worker thread each: 1 to 256, or by the CPUs")
      ->check((CLI::IsMember({"auto"}) | CLI::Range(1, 256)).description(""))
      ->capture_default_str();
  group.choice("--engine", flags.engine, {"auto", "uring", "syscall"},
               "io_uring, or epoll with readv and writev");
  group.value("--cpus", flags.cpus, "CPUS", "CPUs for the workers, for example 0,2-3 [by hwloc]");
  group.choice("--offload", flags.offload, {"on", "off"},
               "leave segmentation and checksums to the kernel: super-packets cross");
  group.choice("--coalesce", flags.coalesce, {"on", "off"},
               "merge packets of a flow into one write");
  group
      .value("--busy-poll", flags.busy_poll, "TIME|auto",
             "look that long for the next packet before sleeping, for example 50us: a shorter "
             "round trip for a busy CPU; auto: only while it pays; 0: never")
      ->capture_default_str();
  group
      .value("--min-wait", flags.min_wait, "TIME",
             "let packets gather: turns begin at least that far apart, for example 50us: fewer "
             "wake-ups for longer round trips. Excludes --busy-poll")
      ->capture_default_str();
}

void add_stage_flags(CLI::App& command, TunnelFlags& flags) {
  add_link_flags(command, flags.link);
  add_scenario_flag(command, flags.link);
  FlagGroup group(command, "Emulated link");
  group
      .value("--queue-memory,--hold-limit", flags.queue_memory, "SIZE",
             "queue memory limit: memory for packets in delays, queues and stages of your own, for "
             "each queue and direction, 16M to 2G; packets beyond it are dropped as "
             "queue_memory_full")
      ->capture_default_str();
  group
      .value("--stage", flags.stages, "LIBRARY.so[,KEY=VALUE]...",
             "a stage of your own; given again, the first is next to the devices and the last next "
             "to the link")
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->allow_extra_args(false);
}

void add_check_flags(CLI::App& command, TunnelFlags& flags) {
  FlagGroup group(command, "Management");
  group
      .value("--path-check-interval", flags.path_check_interval, "TIME",
             "between two standing checks of the path, a probe for each direction and address "
             "family; 0: none")
      ->capture_default_str();
  group
      .value("--control-socket,--control", flags.control_socket, "PATH|auto|none",
             "where `tunrelay link`, `capture` and `record` reach this relay: a unix socket; auto: "
             "in /run/tunrelay for root, in $XDG_RUNTIME_DIR/tunrelay for others")
      ->capture_default_str();
  group.value("--metrics", flags.metrics, "ADDRESS",
              "serve counters and histograms of delay for Prometheus, at http://ADDRESS/metrics: "
              "IP:PORT, a PORT alone (of the loopback), or unix:PATH");
  group.choice("--sandbox", flags.sandbox, {"auto", "strict", "off"},
               "what threads give up once they are set up: capabilities, system calls, operations "
               "of io_uring; strict: all of it, or no start");
  group.value("--user", flags.user, "NAME|UID[:GROUP]",
              "once all is set up, the relay's process is that user's [whoever starts it]; what "
              "needs root later, the helper does. The command of `exec` stays the caller's");
  group.flag("--trace", flags.trace, "print a line a packet, off the packet path");
  group.flag(
      "--flows", flags.flows,
      "count flow by flow (TCP, UDP): throughput, round trips, retransmissions and the like, "
      "for the summary");
  group
      .value("--flows-limit", flags.flow_limit, "N",
             "flows that are counted at once, 16 to 1000000; beyond that the least recently used "
             "one is forgotten")
      ->capture_default_str();
  // For tests of `compare`: workers use that many percent more CPU time.
  command.add_option("--burn", flags.burn_percent)->check(CLI::Range(0.0, 1000.0))->group("");
}

void add_route_flags(CLI::App& command, TunnelFlags& flags) {
  FlagGroup devices(command, kDeviceHeading);
  devices.value("-a,--device-a", flags.device_a, "NAME",
                "name of device a [tun0, or tap0 with --type tap]");
  devices.value("-b,--device-b", flags.device_b, "NAME",
                "name of device b [tun1, or tap1 with --type tap]");
  devices.value("--address-a", flags.address_a, "ADDRESSES",
                "comma-separated addresses of a [192.168.13.1/24,fd13::1/64]");
  devices.value("--address-b", flags.address_b, "ADDRESSES",
                "comma-separated addresses of b [192.168.13.2/24,fd13::2/64]");
  devices.choice("--type", flags.type, {"tun", "tap"}, "IP packets or Ethernet frames");
  FlagGroup routing(command, kRoutingHeading);
  routing.choice("--strategy", flags.strategy, {"policy", "classic", "namespaces"},
                 "how traffic to the host's own addresses is led across");
  routing.value("--netns-a", flags.netns_a, "NAME",
                "namespaces: the namespace that is made for a [tunrelay-a]");
  routing.value("--netns-b", flags.netns_b, "NAME",
                "namespaces: the namespace that is made for b [tunrelay-b]");
  routing.value("--congestion-control", flags.congestion_control, "NAME",
                "what TCP across begins with, for example cubic [the host's default]. A program "
                "that chooses one for a connected socket, as iperf3 -C does, keeps what the "
                "default has set up: BBR's pacing");
  routing.value("--state-dir", flags.state_directory, "DIRECTORY",
                "where the journal of changes is kept; `exec` needs none [/run/tunrelay]");
  FlagGroup other(command, kOtherFlags);
  other.value("--config", flags.config_file, "FILE",
              "read flags from a TOML file; flags given here win");
}

}  // namespace

void add_tunnel_flags(CLI::App& command, TunnelFlags& flags) {
  add_route_flags(command, flags);
  FlagGroup devices(command, "Device settings");
  devices
      .value("--mtu", flags.mtu, "BYTES",
             "MTU of both devices, 68 to 65535 (tap: 65521); IPv6 needs 1280")
      ->capture_default_str();
  devices.value("--txqueuelen", flags.txqueuelen, "N", "packets that a device's queue takes")
      ->capture_default_str();
  add_relay_flags(command, flags);
  add_stage_flags(command, flags);
  add_capture_flags(command, flags.capture);
  add_record_flags(command, flags.record);
  FlagGroup(command, kRecordHeading)
      .value(
          "--mahimahi-log", flags.mahimahi_log, "PREFIX",
          "write PREFIX.uplink (a to b) and PREFIX.downlink as mahimahi's mm-link does: what came "
          "to the link of limited speed, what left it and when, what it could have carried");
  add_check_flags(command, flags);
}

bool is_route_flag(const CLI::Option& flag) {
  return flag.get_group() == kDeviceHeading || flag.get_group() == kRoutingHeading ||
         flag.get_group() == kOtherFlags;
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
  options.scenario = scenario_of(flags.link);
  options.queue_memory_bytes = parse_size_bytes(flags.queue_memory);
  for (const std::string& stage : flags.stages)
    options.stages.push_back(StageRequest::parse(stage));
  if (flags.sandbox == "off") options.sandbox = SandboxPolicy::kOff;
  if (flags.sandbox == "strict") options.sandbox = SandboxPolicy::kStrict;
  options.user = user_to_become(flags.user);
  options.trace = flags.trace;
  if (!flags.capture.file.empty()) options.capture = capture_options(flags.capture);
  if (!flags.record.file.empty()) options.record = record_options(flags.record);
  options.mahimahi_log = flags.mahimahi_log;
  if (flags.flows) options.flow_limit = flags.flow_limit;
  options.application = fmt::format("tunrelay {}", kVersion);
  options.burn_ratio = flags.burn_percent / 100;
  options.state_directory = flags.state_directory;
  check_tunnel_options(options);
  return options;
}

}  // namespace tunrelay
