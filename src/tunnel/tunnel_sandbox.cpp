// SPDX-License-Identifier: MIT
#include "tunnel/tunnel_sandbox.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <linux/capability.h>
#include <sched.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <string_view>

#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "sandbox/capabilities.hpp"
#include "sandbox/thread_user.hpp"

namespace tunrelay {
namespace {

struct NamedCapability {
  int number;
  const char* name;
};
constexpr std::array kCapabilityNames{NamedCapability{CAP_NET_ADMIN, "cap_net_admin"},
                                      NamedCapability{CAP_SYS_ADMIN, "cap_sys_admin"},
                                      NamedCapability{CAP_KILL, "cap_kill"},
                                      NamedCapability{CAP_SYS_PTRACE, "cap_sys_ptrace"},
                                      NamedCapability{CAP_DAC_OVERRIDE, "cap_dac_override"},
                                      NamedCapability{CAP_CHOWN, "cap_chown"},
                                      NamedCapability{CAP_FOWNER, "cap_fowner"}};

std::vector<std::string> names_of(const std::vector<int>& capabilities) {
  std::vector<std::string> names;
  for (const NamedCapability& one : kCapabilityNames)
    if (std::find(capabilities.begin(), capabilities.end(), one.number) != capabilities.end())
      names.emplace_back(one.name);
  return names;
}

/// Of whoever repairs and restores.
std::vector<int> capabilities_for_changes(const TunnelOptions& options) {
  // Rules, routes and links are repaired, and undone at the end.
  std::vector<int> kept{CAP_NET_ADMIN};
  // Both ends' namespaces are entered and deleted.
  if (options.strategy == Strategy::kNamespaces) kept.push_back(CAP_SYS_ADMIN);
  return kept;
}

std::vector<int> capabilities_of_process(const TunnelOptions& options) {
  std::vector<int> kept = options.janitor ? std::vector<int>{} : capabilities_for_changes(options);
  if (needs_file_rights(options))
    kept.insert(kept.end(), kFileCapabilities.begin(), kFileCapabilities.end());
  return kept;
}

std::string folder_of(const std::string& path) {
  return std::filesystem::path(path).parent_path().string();
}

/// As the control socket makes it, later: who is confined to it has to find it.
void make_folders(const std::vector<std::string>& socket_paths) noexcept {
  constexpr mode_t kOwnerOnly = 0700;
  for (const std::string& path : socket_paths) ::mkdir(folder_of(path).c_str(), kOwnerOnly);
}

std::vector<int> capabilities_of_helper(const TunnelOptions& options) {
  std::vector<int> kept = capabilities_for_changes(options);
  // Who lives in a private network is found by /proc, whatever rights it has, and ended.
  if (options.left_namespaces) kept.insert(kept.end(), {CAP_KILL, CAP_SYS_PTRACE});
  std::vector<std::string> places = options.socket_paths;
  if (!options.left_namespaces) places.push_back(options.state_directory + "/.");
  const bool are_ours = std::all_of(places.begin(), places.end(), [](const std::string& place) {
    return may_change_without_capabilities(place);
  });
  if (!are_ours) kept.push_back(CAP_DAC_OVERRIDE);
  return kept;
}

/// What repairs and the end of a tunnel change.
std::vector<std::string> places_for_changes(const TunnelOptions& options) {
  std::vector<std::string> places{options.state_directory, "/proc/sys/net", "/dev/null"};
  for (const std::string& socket : options.socket_paths) places.push_back(folder_of(socket));
  return places;
}

FileAccess confine_files(const TunnelOptions& options, SandboxReport& report) {
  std::vector<std::string> places;
  if (!options.janitor) places = places_for_changes(options);
  FileAccess access = change_files_only_in(places);
  if (access.error == 0) {
    report.is_file_access_limited = true;
    report.writable = places;
    return access;
  }
  if (options.sandbox == SandboxPolicy::kStrict)
    throw_system_error(access.error, "give up", "changes of files (landlock)",
                       "--sandbox auto goes on with them");
  report.writable_refusal = describe_errno(access.error);
  return access;
}

/// After the last look at files as the user who has started us.
void change_user(const TunnelOptions& options, SandboxReport& report) {
  if (!options.user) return;
  become_user(*options.user, options.sandbox != SandboxPolicy::kOff);
  report.user = options.user;
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

std::string file_text(const SandboxReport& report) {
  return report.writable.empty()
             ? "changes no files"
             : fmt::format("changes files in {} alone", fmt::join(report.writable, ", "));
}

std::string ring_text(const RingState& ring) {
  if (ring.is_restricted) return ", ring restricted";
  return ring.refusal.empty() ? "" : fmt::format(", ring not restricted ({})", ring.refusal);
}

/// "own mount and IPC namespaces", empty: none.
std::string namespace_text(const SandboxReport& report) {
  std::vector<std::string> names = report.own_namespaces;
  std::replace(names.begin(), names.end(), std::string("ipc"), std::string("IPC"));
  if (names.empty()) return "";
  return fmt::format("own {} namespace{}", fmt::join(names, " and "), names.size() > 1 ? "s" : "");
}

/// Behind what is said of the relay threads.
std::string process_text(const SandboxReport& report) {
  std::vector<std::string> parts;
  if (report.user) parts.push_back("user " + report.user->name);
  if (report.keeps_few)
    parts.push_back(report.kept_capabilities.empty()
                        ? "no capabilities"
                        : fmt::format("{} alone", fmt::join(report.kept_capabilities, ", ")));
  if (report.is_file_access_limited) parts.push_back(file_text(report));
  if (!report.writable_refusal.empty())
    parts.push_back(fmt::format("may change any file ({})", report.writable_refusal));
  if (const std::string own = namespace_text(report); !own.empty()) parts.push_back(own);
  if (!report.ipc_refusal.empty())
    parts.push_back(fmt::format("shares an IPC namespace ({})", report.ipc_refusal));
  return parts.empty() ? "" : fmt::format("; process: {}", fmt::join(parts, ", "));
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

void leave_shared_namespaces(const TunnelOptions& options, SandboxReport& report) {
  if (options.sandbox == SandboxPolicy::kOff) return;
  if (options.left_namespaces) report.own_namespaces.emplace_back("mount");
  if (options.starts_programs || !options.stages.empty()) return;
  if (::unshare(CLONE_NEWIPC) == 0)
    report.own_namespaces.emplace_back("ipc");
  else
    report.ipc_refusal = describe_errno(errno);
}

void confine_workers(const TunnelOptions& options, const std::string& unconfined_stage,
                     RelayConfig& config, SandboxReport& report) {
  report.policy = options.sandbox;
  config.user = options.user;
  if (options.sandbox == SandboxPolicy::kOff) return;
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
}

bool needs_file_rights(const TunnelOptions& options) {
  if (options.user) return false;  // check_user() has refused it otherwise
  const auto is_others = [](const std::string& path) {
    return !may_change_without_capabilities(path);
  };
  const auto is_unreadable = [](const std::string& path) {
    return !may_read_without_capabilities(path);
  };
  return std::any_of(options.files_changed_later.begin(), options.files_changed_later.end(),
                     is_others) ||
         std::any_of(options.files_read_later.begin(), options.files_read_later.end(),
                     is_unreadable);
}

std::function<void()> confinement_of_janitor(const TunnelOptions& options) {
  if (options.sandbox == SandboxPolicy::kOff) return {};
  // What the process can't give up it says of itself.
  return [options] {
    make_folders(options.socket_paths);
    const std::vector<int> kept = capabilities_of_helper(options);
    static_cast<void>(keep_capabilities(kept));
    if (forbid_new_privileges() != 0) return;
    // Mounts, with which named namespaces are deleted, are forbidden together with files; and so is
    // a look at which namespaces others live in, who are to be ended with a private network.
    if (options.strategy == Strategy::kNamespaces || options.left_namespaces) return;
    static FileAccess access;  // to the end of the process
    access = change_files_only_in(places_for_changes(options));
  };
}

FileAccess confine_process(const TunnelOptions& options, SandboxReport& report) {
  if (options.sandbox == SandboxPolicy::kOff) {
    change_user(options, report);
    return {};
  }
  if (options.janitor) report.helper_capabilities = names_of(capabilities_of_helper(options));
  if (options.starts_programs) return {};
  const std::vector<int> kept = capabilities_of_process(options);
  change_user(options, report);
  int error = keep_capabilities(kept);
  if (error == 0) error = forbid_new_privileges();
  if (error != 0 && options.sandbox == SandboxPolicy::kStrict)
    throw_system_error(error, "give up", "this process's capabilities",
                       "--sandbox auto goes on with them");
  report.keeps_few = error == 0;
  if (error == 0) report.kept_capabilities = names_of(kept);
  // Mounts, with which this process then deletes named namespaces, are forbidden with files.
  const bool mounts = !options.janitor && options.strategy == Strategy::kNamespaces;
  if (error != 0 || mounts || !options.files_changed_later.empty()) return {};
  return confine_files(options, report);
}

std::string sandbox_text(const SandboxReport& report, const std::vector<WorkerReport>& workers) {
  if (report.policy == SandboxPolicy::kOff) return "off" + process_text(report);
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
  text += process_text(report);
  if (report.keeps_few && !report.helper_capabilities.empty())
    text += fmt::format("; helper: {} alone", fmt::join(report.helper_capabilities, ", "));
  return text;
}

nlohmann::ordered_json sandbox_json(const SandboxReport& report) {
  nlohmann::ordered_json json{{"policy", policy_text(report.policy)}, {"refusal", report.refusal}};
  json["user"] = nullptr;
  if (report.user)
    json["user"] = {
        {"name", report.user->name}, {"uid", report.user->uid}, {"gid", report.user->gid}};
  json["own_namespaces"] = report.own_namespaces;
  json["ipc_refusal"] = report.ipc_refusal;
  json["process_capabilities"] = report.keeps_few ? nlohmann::ordered_json(report.kept_capabilities)
                                                  : nlohmann::ordered_json();
  json["helper_capabilities"] = report.keeps_few
                                    ? nlohmann::ordered_json(report.helper_capabilities)
                                    : nlohmann::ordered_json();
  json["writable"] = report.is_file_access_limited ? nlohmann::ordered_json(report.writable)
                                                   : nlohmann::ordered_json();
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
