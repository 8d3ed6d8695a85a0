// SPDX-License-Identifier: MIT
#include "cli/doctor_checks.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <optional>

#include <cap-ng.h>

#include "base/error.hpp"
#include "base/units.hpp"
#include "device/tun_node.hpp"
#include "engine/engine.hpp"
#include "os/cpu_topology.hpp"
#include "os/kernel_version.hpp"
#include "os/process.hpp"

namespace tunrelay {
namespace {

using CheckVerdict = Check::Verdict;

/// The first line of a file, if it can be read.
std::optional<std::string> first_line(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  if (!std::getline(file, line)) return std::nullopt;
  return line;
}

Check check_kernel() {
  const std::string release = kernel_release();
  const bool is_enough = parse_kernel_version(release) >= KernelVersion{5, 10};
  return {"kernel", is_enough ? CheckVerdict::kGood : CheckVerdict::kMissing, release,
          is_enough ? "" : "use Linux 5.10 or later"};
}

Check check_tun_node() {
  try {
    return {"tun node", CheckVerdict::kGood, probe_tun_node(), ""};
  } catch (const Error& error) {
    return {"tun node", CheckVerdict::kMissing, error.parts().object + ": " + error.parts().cause,
            error.parts().hint};
  }
}

Check check_permission() {
  capng_get_caps_process();
  if (capng_have_capability(CAPNG_EFFECTIVE, CAP_NET_ADMIN) != 0)
    return {"permission", CheckVerdict::kGood, "CAP_NET_ADMIN", ""};
  const auto limit = first_line("/proc/sys/user/max_user_namespaces");
  const bool may_unshare = limit && *limit != "0";
  return {
      "permission", may_unshare ? CheckVerdict::kWarning : CheckVerdict::kMissing,
      may_unshare ? "no CAP_NET_ADMIN; `exec` can use a user namespace"
                  : "neither CAP_NET_ADMIN nor user namespaces",
      "run as root or through sudo; in a container add --cap-add NET_ADMIN --cap-add SYS_ADMIN"};
}

Check check_io_uring() {
  const UringSupport support = probe_uring();
  if (support.available) return {"io_uring", CheckVerdict::kGood, "with multishot reads", ""};
  return {"io_uring", CheckVerdict::kWarning, support.reason + "; the syscall engine is used",
          support.hint};
}

Check check_locked_memory() {
  rlimit limit{};
  ::getrlimit(RLIMIT_MEMLOCK, &limit);
  const std::string finding =
      limit.rlim_cur == RLIM_INFINITY ? "unlimited" : format_bytes(limit.rlim_cur);
  if (::geteuid() == 0 || limit.rlim_cur == RLIM_INFINITY || limit.rlim_cur >= (1U << 20))
    return {"locked memory", CheckVerdict::kGood, finding, ""};
  return {"locked memory", CheckVerdict::kWarning, finding,
          "an io_uring counts against it: ulimit -l 8192, or LimitMEMLOCK= of the service"};
}

Check check_cpus() {
  const std::vector<int> cpus = cpus_for_workers();
  const std::string finding = fmt::format("{} allowed: {}", cpus.size(), fmt::join(cpus, ", "));
  if (cpus.size() > 1) return {"CPUs", CheckVerdict::kGood, finding, ""};
  return {"CPUs", CheckVerdict::kWarning, finding,
          "worker and programs share one CPU: give it more"};
}

Check check_forwarding() {
  for (const char* path :
       {"/proc/sys/net/ipv4/ip_forward", "/proc/sys/net/ipv6/conf/all/forwarding"})
    if (first_line(path).value_or("0") != "0")
      return {"forwarding", CheckVerdict::kGood,
              fmt::format("{} is on; the blackhole route of the tunnel's table stops loops", path),
              ""};
  return {"forwarding", CheckVerdict::kGood, "off", ""};
}

Check check_ipv6() {
  const auto disabled = first_line("/proc/sys/net/ipv6/conf/all/disable_ipv6");
  if (!disabled)
    return {"IPv6", CheckVerdict::kWarning, "this kernel has none",
            "the tunnel carries IPv4 alone"};
  if (*disabled != "0")
    return {"IPv6", CheckVerdict::kWarning, "disabled", "sysctl net.ipv6.conf.all.disable_ipv6=0"};
  return {"IPv6", CheckVerdict::kGood, "on", ""};
}

Check check_network_managers() {
  if (networkd_runs_here())
    return {"systemd-networkd", CheckVerdict::kWarning,
            "runs here: it deletes others' rules when it restarts",
            "our rules bear `protocol kernel` here, which it spares; or set "
            "ManageForeignRoutingPolicyRules=no in networkd.conf"};
  return {"systemd-networkd", CheckVerdict::kGood, "does not run here", ""};
}

}  // namespace

std::vector<Check> check_host() {
  return {check_kernel(),   check_tun_node(),   check_permission(),
          check_io_uring(), check_cpus(),       check_locked_memory(),
          check_ipv6(),     check_forwarding(), check_network_managers()};
}

}  // namespace tunrelay
