// SPDX-License-Identifier: MIT
// The bridge's C boundary: the functions of a Python stage's descriptor, and those that cffi calls.
#include "python/bridge.h"

#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <exception>
#include <memory>

#include "python/stage_bridge.hpp"

namespace {

using tunrelay::python::BridgeEndpoint;

/// An endpoint, and the stage that it is of.
struct Instance {
  const tunrelay_bridge_stage* stage;
  std::shared_ptr<BridgeEndpoint> endpoint;
};

Instance& instance_at(void* instance) noexcept {
  return *static_cast<Instance*>(instance);
}

void* create(const tunrelay_host* host, const tunrelay_site* site, const tunrelay_option* options,
             std::size_t option_count, char* error, std::size_t error_bytes) noexcept try {
  const auto& stage = *static_cast<const tunrelay_bridge_stage*>(site->context);
  std::unique_ptr<Instance> instance(new Instance{&stage, stage.bridge->add(stage, *host)});
  const tunrelay_bridge_calls& calls = stage.bridge->calls();
  if (calls.create(calls.handle, instance->endpoint->number(), stage.number, site, options,
                   option_count, error, error_bytes) == 0)
    return instance.release();
  stage.bridge->remove(*instance->endpoint);
  return nullptr;
} catch (const std::exception& exception) {
  std::snprintf(error, error_bytes, "%s", exception.what());
  return nullptr;
}

void destroy(void* given) noexcept {
  const std::unique_ptr<Instance> instance(static_cast<Instance*>(given));
  const tunrelay_bridge_calls& calls = instance->stage->bridge->calls();
  calls.destroy(calls.handle, instance->endpoint->number());
  instance->stage->bridge->remove(*instance->endpoint);
}

/// What came in goes to Python; where that is called here, so is what it says of it.
void end_turn(Instance& instance, std::int64_t now_ns, bool is_due) noexcept {
  BridgeEndpoint& endpoint = *instance.endpoint;
  const tunrelay_bridge& bridge = *instance.stage->bridge;
  const bool has_published = endpoint.publish();
  if (!bridge.is_synchronous() || !(has_published || is_due)) return;
  const tunrelay_bridge_calls& calls = bridge.calls();
  calls.turn(calls.handle, endpoint.number(), now_ns);
  endpoint.carry_out_replies();
}

template <std::uint32_t way>
void take(void* given, tunrelay_frame* const* frames, std::size_t count,
          std::int64_t now_ns) noexcept {
  Instance& instance = instance_at(given);
  instance.endpoint->carry_out_replies();
  instance.endpoint->take(way, frames, count);
  end_turn(instance, now_ns, false);
}

std::int64_t next_deadline_ns(void* given) noexcept {
  return instance_at(given).endpoint->deadline_ns();
}

void at_deadline(void* given, std::int64_t now_ns) noexcept {
  Instance& instance = instance_at(given);
  instance.endpoint->carry_out_replies();
  end_turn(instance, now_ns, instance.endpoint->deadline_ns() <= now_ns);
}

/// The first process of a PID namespace, which does nothing but reap what is left to it. Between a
/// fork and this nothing was called that takes a lock.
[[noreturn]] void be_first_process(int ready) noexcept {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::prctl(PR_SET_NAME, "tunrelay-init");
  sigset_t all;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, nullptr);
  // The calling thread's children see it too, whose mount namespace this is. Where a container
  // forbids it they see the processes of the namespace above.
  ::mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, nullptr);
  constexpr char kReady = 1;
  [[maybe_unused]] const ssize_t written = ::write(ready, &kReady, 1);
  ::close_range(0, ~0U, 0);
  for (;;) {
    siginfo_t info{};
    ::sigwaitinfo(&all, &info);
    while (::waitpid(-1, nullptr, WNOHANG) > 0) {
    }
  }
}

}  // namespace

tunrelay_bridge* tunrelay_bridge_new(const tunrelay_bridge_calls* calls, int is_synchronous) try {
  return new tunrelay_bridge(*calls, is_synchronous != 0);
} catch (const std::exception&) {
  return nullptr;
}

void tunrelay_bridge_free(tunrelay_bridge* bridge) {
  delete bridge;
}

void tunrelay_bridge_describe(tunrelay_bridge_stage* stage) {
  tunrelay_stage_descriptor& descriptor = stage->descriptor;
  descriptor.magic = TUNRELAY_STAGE_MAGIC;
  descriptor.abi_version = TUNRELAY_STAGE_ABI_VERSION;
  descriptor.create = &create;
  descriptor.destroy = &destroy;
  descriptor.from_device = &take<TUNRELAY_BRIDGE_FROM_DEVICE>;
  descriptor.from_link = &take<TUNRELAY_BRIDGE_FROM_LINK>;
  descriptor.next_deadline_ns = &next_deadline_ns;
  descriptor.at_deadline = &at_deadline;
  // What runs in a relay thread takes locks, and writes to an eventfd; Python itself runs
  // elsewhere.
  descriptor.system_calls = TUNRELAY_NO_SYSTEM_CALLS;
}

uint32_t tunrelay_bridge_name(tunrelay_bridge* bridge, const char* name) {
  return bridge->names().number(name);
}

int tunrelay_bridge_exchange(tunrelay_bridge* bridge, const tunrelay_bridge_reply* replies,
                             size_t reply_count, tunrelay_bridge_chunk* const* done,
                             size_t done_count, int64_t deadline_ns, tunrelay_bridge_chunk** work) {
  return bridge->exchange(replies, reply_count, done, done_count, deadline_ns, work);
}

void tunrelay_bridge_interrupt(tunrelay_bridge* bridge) {
  bridge->notify();
}

int tunrelay_bridge_begin_children() {
  std::array<int, 2> line{};
  if (::pipe2(line.data(), O_CLOEXEC) != 0) return -errno;
  int error = ::unshare(CLONE_NEWPID | CLONE_NEWNS) == 0 ? 0 : errno;
  // As fork(2), without what libraries do at one.
  clone_args arguments{};
  arguments.exit_signal = SIGCHLD;
  const auto first =
      error == 0 ? static_cast<pid_t>(::syscall(SYS_clone3, &arguments, sizeof arguments)) : -1;
  if (first == 0) be_first_process(line[1]);
  if (error == 0 && first < 0) error = errno;
  ::close(line[1]);
  char ready = 0;
  if (first > 0 && ::read(line[0], &ready, 1) != 1) error = ECHILD;
  ::close(line[0]);
  return error == 0 ? first : -error;
}
