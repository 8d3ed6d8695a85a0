// SPDX-License-Identifier: MIT
#include "route/apply/applier.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <new>
#include <utility>

#include "base/error.hpp"
#include "os/netns.hpp"
#include "os/sysctl.hpp"
#include "route/apply/rtnetlink.hpp"

namespace tunrelay {
namespace {

/// Answers that say "there is nothing to undo": it is undone, or went with its device.
bool means_undone(int error) {
  constexpr std::array<int, 8> kDone{0,      ENOENT,        ESRCH,        ENODEV,
                                     EEXIST, EADDRNOTAVAIL, EAFNOSUPPORT, ENETDOWN};
  return std::find(kDone.begin(), kDone.end(), error) != kDone.end();
}

/// Answers to a shared step that another tunnel has done already.
bool means_done_already(int error) {
  return error == EEXIST || error == ENOENT;
}

/// Not open for the plan's own namespace, which has no name.
FileDescriptor open_netns(const std::string& name) {
  return name.empty() ? FileDescriptor() : open_named_netns(name);
}

template <typename... Functions>
struct Overloaded : Functions... {
  using Functions::operator()...;
};
template <typename... Functions>
Overloaded(Functions...) -> Overloaded<Functions...>;

}  // namespace

Applier::Applier(EndSocketSource source)
    : source_(std::move(source)), home_netns_(open_current_netns()) {}

template <typename Work>
int Applier::guarded(const Work& work) noexcept {
  try {
    kernel_message_.clear();
    return work();
  } catch (const Error& error) {
    return error.system_errno() != 0 ? error.system_errno() : EIO;
  } catch (const std::bad_alloc&) {
    return ENOMEM;
  } catch (...) {
    return EIO;
  }
}

int Applier::perform(const Step& step) noexcept {
  const int error = guarded([&] { return perform_change(step.change, step.netns); });
  return step.optional || (step.shared && means_done_already(error)) ? 0 : error;
}

int Applier::undo(const Step& step) noexcept {
  const int error = guarded([&] { return undo_step(step); });
  return step.optional || means_undone(error) ? 0 : error;
}

NetlinkSocket& Applier::socket(const std::string& netns) {
  const auto found = sockets_.find(netns);
  if (found != sockets_.end()) return found->second;
  if (source_ && !netns.empty())
    return sockets_.try_emplace(netns, source_(netns, EndSocket::kRoutes)).first->second;
  const FileDescriptor named = open_netns(netns);
  const NetnsScope scope(netns.empty() ? home_netns_.get() : named.get());
  return sockets_.try_emplace(netns).first->second;
}

template <typename Work>
int Applier::in_namespace(const std::string& netns, const Work& work) {
  NetlinkSocket& there = socket(netns);
  const int error = work(there);
  kernel_message_ = there.kernel_message();
  return error;
}

int Applier::perform_change(const Change& change, const std::string& netns) {
  const auto run = [&](const auto& work) { return in_namespace(netns, work); };
  return std::visit(
      Overloaded{
          [](const NoChange&) { return 0; },
          [&](const SetInterface& one) {
            return run([&](auto& to) { return set_interface(to, one); });
          },
          [&](const MoveInterface& one) { return move(one); },
          [&](const AddAddress& one) {
            return run([&](auto& to) { return add_address(to, one.address); });
          },
          [&](const DeleteAddress& one) {
            return run([&](auto& to) { return delete_address(to, one.address); });
          },
          [&](const RenewAddress& one) {
            return run([&](auto& to) { return renew_address(to, one.address); });
          },
          [&](const AddRoute& one) {
            return run([&](auto& to) { return add_route(to, one.route); });
          },
          [&](const DeleteRoute& one) {
            return run([&](auto& to) { return delete_route(to, one.route); });
          },
          [&](const AddRule& one) { return run([&](auto& to) { return add_rule(to, one.rule); }); },
          [&](const DeleteRule& one) {
            return run([&](auto& to) { return delete_rule(to, one.rule); });
          },
          [&](const SetSysctl& one) { return set_sysctl(one, netns); },
          [](const AddNamespace& one) { return create_named_netns(one.name); },
          [this](const DeleteNamespace& one) {
            close_socket(one.name);
            return delete_named_netns(one.name);
          },
      },
      change);
}

int Applier::undo_step(const Step& step) {
  if (const auto* rule = std::get_if<AddRule>(&step.undo))
    return in_namespace(step.netns, [&](auto& to) { return restore_rule(to, rule->rule); });
  if (const auto* route = std::get_if<AddRoute>(&step.undo))
    return in_namespace(step.netns, [&](auto& to) { return restore_route(to, route->route); });
  if (const auto* interface = std::get_if<SetInterface>(&step.undo)) {
    const auto* change = std::get_if<SetInterface>(&step.change);
    return in_namespace(step.netns, [&](auto& to) {
      return restore_interface(to, change != nullptr ? *change : SetInterface{}, *interface);
    });
  }
  if (const auto* setting = std::get_if<SetSysctl>(&step.undo))
    return restore_sysctl(step, *setting);
  const int error = perform_change(step.undo, step.netns);
  // Another interface has taken the name meanwhile: that is not undone.
  if (std::holds_alternative<MoveInterface>(step.undo) && error == EEXIST) return EBUSY;
  return error;
}

int Applier::move(const MoveInterface& change) {
  const FileDescriptor named = open_netns(change.target_netns);
  const int target = change.target_netns.empty() ? home_netns_.get() : named.get();
  return in_namespace(change.source_netns,
                      [&](auto& to) { return move_interface(to, change.device, target); });
}

int Applier::set_sysctl(const SetSysctl& change, const std::string& netns) {
  const FileDescriptor named = open_netns(netns);
  const NetnsScope scope(netns.empty() ? home_netns_.get() : named.get());
  return write_sysctl(change.path, change.value);
}

int Applier::restore_sysctl(const Step& step, const SetSysctl& undo) {
  const auto* change = std::get_if<SetSysctl>(&step.change);
  const FileDescriptor named = open_netns(step.netns);
  const NetnsScope scope(step.netns.empty() ? home_netns_.get() : named.get());
  const auto present = read_sysctl(undo.path);
  // What somebody else has set meanwhile stays.
  if (present == undo.value || (change != nullptr && present != change->value)) return 0;
  return write_sysctl(undo.path, undo.value);
}

}  // namespace tunrelay
