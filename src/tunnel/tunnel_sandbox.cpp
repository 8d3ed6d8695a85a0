// SPDX-License-Identifier: MIT
#include "tunnel/tunnel_sandbox.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <linux/capability.h>
#include <sys/stat.h>

#include <filesystem>
#include <string_view>

#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "sandbox/capabilities.hpp"

namespace tunrelay {
namespace {

struct KeptCapability {
  int number;
  std::string_view name;
};

std::vector<KeptCapability> capabilities_for(const TunnelOptions& options) {
  // Rules, routes and links are repaired, and undone at the end.
  std::vector<KeptCapability> kept{{CAP_NET_ADMIN, "cap_net_admin"}};
  // Both ends' namespaces are entered and deleted.
  if (options.strategy == Strategy::kNamespaces) kept.push_back({CAP_SYS_ADMIN, "cap_sys_admin"});
  if (!options.opens_files_later) return kept;
  // Root's rights to files of others: to read, write, replace and remove what the user has named.
  kept.push_back({CAP_DAC_OVERRIDE, "cap_dac_override"});
  kept.push_back({CAP_CHOWN, "cap_chown"});
  kept.push_back({CAP_FOWNER, "cap_fowner"});
  return kept;
}

/// What the end of a tunnel changes: its journal, its socket, sysctls; and where another janitor's
/// output goes.
FileAccess confine_files(const TunnelOptions& options, SandboxReport& report) {
  std::vector<std::string> places{options.state_directory, "/proc/sys/net", "/dev/null"};
  const std::string socket_folder =
      std::filesystem::path(options.control_path).parent_path().string();
  if (!socket_folder.empty() && socket_folder != options.state_directory) {
    // As the control socket makes it, later: a place has to be there.
    constexpr mode_t kOwnerOnly = 0700;
    ::mkdir(socket_folder.c_str(), kOwnerOnly);
    places.push_back(socket_folder);
  }
  FileAccess access = change_files_only_in(places);
  if (access.error == 0) {
    report.writable = places;
    return access;
  }
  if (options.sandbox == SandboxPolicy::kStrict)
    throw_system_error(access.error, "give up", "changes of files (landlock)",
                       "--sandbox auto goes on with them");
  report.writable_refusal = describe_errno(access.error);
  return access;
}

std::string_view policy_text(SandboxPolicy policy) {
  switch (policy) {
    case SandboxPolicy::kAuto:
      return "auto";
    case SandboxPolicy::kStrict:
      return "strict";
    case SandboxPolicy::kOff:
      break;
  }
  return "off";
}

std::string ring_text(const RingState& ring) {
  if (ring.is_restricted) return ", ring restricted";
  return ring.refusal.empty() ? "" : fmt::format(", ring not restricted ({})", ring.refusal);
}

std::string thread_text(const WorkerReport& worker) {
  const ThreadSandbox& sandbox = worker.sandbox;
  std::string text = sandbox.has_no_capabilities ? "no capabilities" : "its capabilities";
  text += sandbox.system_calls != 0 ? fmt::format(", {} system calls", sandbox.system_calls)
                                    : ", all system calls";
  text += ring_text(worker.ring);
  return sandbox.shortfall.empty() ? text : fmt::format("{} ({})", text, sandbox.shortfall);
}

}  // namespace

SandboxReport confine_workers(const TunnelOptions& options, const std::string& unconfined_stage,
                              RelayConfig& config) {
  SandboxReport report;
  report.policy = options.sandbox;
  if (options.sandbox == SandboxPolicy::kOff) return report;
  // No stage uses the ring.
  config.engine.restrict_ring = true;
  config.has_users_stages = !options.stages.empty();
  report.refusal = sandbox_refusal();
  if (report.refusal.empty() && !unconfined_stage.empty())
    report.refusal = fmt::format(
        "the stage {} runs in the relay threads and does not declare that it makes no system calls",
        unconfined_stage);
  if (options.sandbox == SandboxPolicy::kStrict) refuse_shortfall(report.refusal);
  if (report.refusal.empty()) config.sandbox = options.sandbox;
  return report;
}

FileAccess confine_process(const TunnelOptions& options, SandboxReport& report) {
  if (options.sandbox == SandboxPolicy::kOff || options.starts_programs) return {};
  const std::vector<KeptCapability> kept = capabilities_for(options);
  std::vector<int> numbers;
  for (const KeptCapability& capability : kept) numbers.push_back(capability.number);
  int error = keep_capabilities(numbers);
  if (error == 0) error = forbid_new_privileges();
  if (error != 0 && options.sandbox == SandboxPolicy::kStrict)
    throw_system_error(error, "give up", "this process's capabilities",
                       "--sandbox auto goes on with them");
  report.keeps_few = error == 0;
  if (error == 0)
    for (const KeptCapability& capability : kept)
      report.kept_capabilities.emplace_back(capability.name);
  // Mounts, with which named namespaces are deleted, are forbidden together with files.
  if (error != 0 || options.opens_files_later || options.strategy == Strategy::kNamespaces)
    return {};
  return confine_files(options, report);
}

std::string sandbox_text(const SandboxReport& report, const std::vector<WorkerReport>& workers) {
  if (report.policy == SandboxPolicy::kOff) return "off";
  std::string text = "relay threads: ";
  if (!report.refusal.empty())
    text += fmt::format("not confined, since {}{}", report.refusal,
                        workers.empty() ? "" : ring_text(workers.front().ring));
  else if (!workers.empty())
    text += thread_text(workers.front());
  // One kernel answers all alike; should it not, that is to be seen.
  for (const WorkerReport& worker : workers)
    if (report.refusal.empty() && thread_text(worker) != thread_text(workers.front()))
      text += fmt::format("; relay-{}: {}", worker.queue, thread_text(worker));
  if (report.keeps_few)
    text += fmt::format("; process: {} alone", fmt::join(report.kept_capabilities, ", "));
  if (!report.writable.empty())
    text += fmt::format(", changes files in {} alone", fmt::join(report.writable, ", "));
  if (!report.writable_refusal.empty())
    text += fmt::format(", may change any file ({})", report.writable_refusal);
  return text;
}

nlohmann::ordered_json sandbox_json(const SandboxReport& report) {
  nlohmann::ordered_json json{{"policy", policy_text(report.policy)}, {"refusal", report.refusal}};
  json["process_capabilities"] = report.keeps_few ? nlohmann::ordered_json(report.kept_capabilities)
                                                  : nlohmann::ordered_json();
  json["writable"] =
      report.writable.empty() ? nlohmann::ordered_json() : nlohmann::ordered_json(report.writable);
  json["writable_refusal"] = report.writable_refusal;
  return json;
}

nlohmann::ordered_json sandbox_json(const WorkerReport& worker) {
  return {{"no_capabilities", worker.sandbox.has_no_capabilities},
          {"system_calls", worker.sandbox.system_calls},
          {"ring_restricted", worker.ring.is_restricted},
          {"ring_refusal", worker.ring.refusal},
          {"shortfall", worker.sandbox.shortfall}};
}

}  // namespace tunrelay
