// SPDX-License-Identifier: MIT
#include "result/virtualization.hpp"

#include <filesystem>
#include <optional>
#include <string_view>

#include "os/text_file.hpp"

namespace tunrelay {
namespace {

struct Mark {
  std::string_view text;
  const char* name;
};

/// What the firmware calls itself, by vendor, product or BIOS.
constexpr Mark kFirmware[] = {
    {"Amazon EC2", "amazon"},
    {"Google Compute Engine", "google"},
    {"VMware", "vmware"},
    {"innotek GmbH", "oracle"},
    {"VirtualBox", "oracle"},
    {"Xen", "xen"},
    {"Parallels", "parallels"},
    {"BHYVE", "bhyve"},
    {"Bochs", "bochs"},
    {"Apple Virtualization", "apple"},
    {"KVM", "kvm"},
    {"OpenStack", "kvm"},
    {"KubeVirt", "kvm"},
    {"Virtual Machine", "microsoft"},
};
/// Clocks that the kernel offers below one hypervisor alone.
constexpr Mark kClocks[] = {{"kvm-clock", "kvm"}, {"hyperv", "microsoft"}, {"xen", "xen"}};

std::string text_of(const std::string& path) {
  return read_text_file(path).value_or("");
}

template <std::size_t kCount>
std::optional<std::string> find_mark(const std::string& text, const Mark (&marks)[kCount]) {
  for (const Mark& mark : marks)
    if (text.find(mark.text) != std::string::npos) return mark.name;
  return std::nullopt;
}

std::optional<std::string> container(const std::string& root) {
  if (auto manager = read_text_file(root + "/run/systemd/container"); manager && !manager->empty())
    return manager;
  const auto exists = [&root](const char* path) {
    std::error_code error;
    return std::filesystem::exists(root + path, error);
  };
  if (exists("/run/.containerenv")) return "podman";
  if (exists("/.dockerenv")) return "docker";
  const std::string release = text_of(root + "/proc/sys/kernel/osrelease");
  if (release.find("Microsoft") != std::string::npos || release.find("WSL") != std::string::npos)
    return "wsl";
  return std::nullopt;
}

std::optional<std::string> machine(const std::string& root) {
  std::string firmware;
  for (const char* name : {"sys_vendor", "product_name", "board_vendor", "bios_vendor"})
    firmware += text_of(root + "/sys/class/dmi/id/" + name) + "\n";
  // Amazon's firmware says its name on machines that are let as a whole, too.
  if (firmware.find(".metal\n") != std::string::npos) return std::nullopt;
  if (auto name = find_mark(firmware, kFirmware)) return name;
  if (auto type = read_text_file(root + "/sys/hypervisor/type"); type && !type->empty())
    return type;
  const std::string clocks =
      text_of(root + "/sys/devices/system/clocksource/clocksource0/available_clocksource");
  if (auto name = find_mark(clocks, kClocks)) return name;
  if (firmware.find("QEMU") != std::string::npos) return "qemu";
  // x86 alone has the flag; there every hypervisor sets it.
  if (text_of(root + "/proc/cpuinfo").find(" hypervisor") != std::string::npos) return "vm-other";
  return std::nullopt;
}

}  // namespace

std::string detect_virtualization(const std::string& root) {
  if (auto name = container(root)) return *name;
  return machine(root).value_or("none");
}

}  // namespace tunrelay
