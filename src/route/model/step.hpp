// SPDX-License-Identifier: MIT
// One change of a plan, as data: what to do, and what undoes it. Steps can be printed,
// written to the journal, and done by another process that has nothing but them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "route/model/interface_address.hpp"
#include "route/model/route.hpp"
#include "route/model/rule.hpp"

namespace tunrelay {

/// An interface by number and name. Number 0: by name alone, since it will have another number
/// where it is going.
struct DeviceName {
  int index = 0;
  std::string name{};

  bool operator==(const DeviceName&) const = default;
};

/// Nothing to do: the other half of a step counts.
struct NoChange {
  bool operator==(const NoChange&) const = default;
};

/// Sets what is named and leaves the rest.
struct SetInterface {
  DeviceName device{};
  std::optional<bool> up{};
  std::optional<std::uint32_t> mtu_bytes{};
  std::optional<std::uint32_t> txqueuelen{};
  std::optional<std::uint8_t> address_generation{};  ///< IN6_ADDR_GEN_MODE_*

  bool operator==(const SetInterface&) const = default;
};

/// Between network namespaces; an empty name is the one in which the plan is applied.
struct MoveInterface {
  std::string device{};
  std::string source_netns{};
  std::string target_netns{};

  bool operator==(const MoveInterface&) const = default;
};

struct AddAddress {
  InterfaceAddress address{};
  bool operator==(const AddAddress&) const = default;
};
struct DeleteAddress {
  InterfaceAddress address{};
  bool operator==(const DeleteAddress&) const = default;
};
/// Takes an address away and adds it again, when it is there: the only way to make the kernel
/// put its own IPv6 route of table `local` back with metric 0.
struct RenewAddress {
  InterfaceAddress address{};
  bool operator==(const RenewAddress&) const = default;
};
struct AddRoute {
  Route route{};
  bool operator==(const AddRoute&) const = default;
};
struct DeleteRoute {
  Route route{};
  bool operator==(const DeleteRoute&) const = default;
};
struct AddRule {
  Rule rule{};
  bool operator==(const AddRule&) const = default;
};
struct DeleteRule {
  Rule rule{};
  bool operator==(const DeleteRule&) const = default;
};
/// PATH under /proc/sys.
struct SetSysctl {
  std::string path{};
  std::string value{};
  bool operator==(const SetSysctl&) const = default;
};
struct AddNamespace {
  std::string name{};
  bool operator==(const AddNamespace&) const = default;
};
struct DeleteNamespace {
  std::string name{};
  bool operator==(const DeleteNamespace&) const = default;
};

using Change = std::variant<NoChange, SetInterface, MoveInterface, AddAddress, DeleteAddress,
                            RenewAddress, AddRoute, DeleteRoute, AddRule, DeleteRule, SetSysctl,
                            AddNamespace, DeleteNamespace>;

struct Step {
  std::string netns{};  ///< where it acts: a named namespace; empty: the one of the plan
  Change change{};
  Change undo{};
  /// Several tunnels want it at once (the move of the rule for table `local`): it is done when
  /// it is done already, and undone by the last of them.
  bool shared = false;
  /// The tunnel works without it: what the kernel refuses (a read-only /proc/sys) is not an error,
  /// neither when it is done nor when it is undone.
  bool optional = false;

  bool operator==(const Step&) const = default;
};

/// What an error says: "add the rule", "10: from all iif tun0 lookup 5213".
struct ChangeText {
  std::string attempt{};
  std::string object{};
};
ChangeText describe(const Change& change);

/// The equal command of iproute2 or sysctl(8); several are joined by " && ". Empty for NoChange.
std::string to_command(const Change& change, const std::string& netns);
inline std::string to_command(const Step& step) {
  return to_command(step.change, step.netns);
}

}  // namespace tunrelay
