// SPDX-License-Identifier: MIT
#include "device/offload.hpp"

#include <linux/if_tun.h>
#include <sys/ioctl.h>

#include <array>
#include <string_view>
#include <utility>

namespace tunrelay {
namespace {

// TUN_F_USO4 and TUN_F_USO6 of Linux 6.2; Debian 12's header is older.
constexpr unsigned kUso4 = 0x20;
constexpr unsigned kUso6 = 0x40;

}  // namespace

unsigned Offloads::flags() const noexcept {
  unsigned flags = 0;
  if (checksum) flags |= TUN_F_CSUM;
  if (tso4) flags |= TUN_F_TSO4;
  if (tso6) flags |= TUN_F_TSO6;
  if (tso_ecn) flags |= TUN_F_TSO_ECN;
  if (uso) flags |= kUso4 | kUso6;
  return flags;
}

std::string Offloads::to_string() const {
  const std::array<std::pair<bool, std::string_view>, 5> names{
      {{checksum, "csum"}, {tso4, "tso4"}, {tso6, "tso6"}, {tso_ecn, "tso-ecn"}, {uso, "uso"}}};
  std::string text;
  for (const auto& [enabled, name] : names) {
    if (!enabled) continue;
    if (!text.empty()) text += ' ';
    text += name;
  }
  return text.empty() ? "none" : text;
}

std::string Offloads::missing() const {
  if (!any()) return "this kernel's TUN takes none";
  if (!tso4 || !tso6 || !tso_ecn) return "this kernel's TUN takes no more of TCP's";
  return uso ? "" : "no uso: UDP super-packets need Linux 6.2";
}

bool set_offloads(int queue_fd, const Offloads& offloads) noexcept {
  return ::ioctl(queue_fd, TUNSETOFFLOAD, static_cast<unsigned long>(offloads.flags())) == 0;
}

Offloads enable_best_offloads(int queue_fd) noexcept {
  constexpr std::array<Offloads, 4> kWishes{{
      {.checksum = true, .tso4 = true, .tso6 = true, .tso_ecn = true, .uso = true},
      {.checksum = true, .tso4 = true, .tso6 = true, .tso_ecn = true},
      {.checksum = true, .tso4 = true, .tso6 = true},
      {.checksum = true},
  }};
  for (const Offloads& wish : kWishes)
    if (set_offloads(queue_fd, wish)) return wish;
  return {};
}

}  // namespace tunrelay
