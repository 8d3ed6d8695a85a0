// SPDX-License-Identifier: MIT
#include "sandbox/thread_sandbox.hpp"

#include <asm/termbits.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <mutex>
#include <span>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "sandbox/capabilities.hpp"
#include "sandbox/thread_user.hpp"
#include "sandbox/violation.hpp"

namespace tunrelay {
namespace {

struct Release {
  void operator()(scmp_filter_ctx filter) const noexcept { ::seccomp_release(filter); }
};
using Filter = std::unique_ptr<void, Release>;

/// libseccomp's own macros for that are C.
scmp_arg_cmp compare(unsigned argument, scmp_compare comparison, scmp_datum_t first,
                     scmp_datum_t second = 0) {
  scmp_arg_cmp compared{};
  compared.arg = argument;
  compared.op = comparison;
  compared.datum_a = first;
  compared.datum_b = second;
  return compared;
}

/// What seccomp_rule_add_array() compares; empty: nothing. One rule each.
std::vector<std::vector<scmp_arg_cmp>> comparisons_of(CallRule rule) {
  // liburing adds it where the kernel knows rings by registered numbers.
  constexpr scmp_datum_t kByRegisteredRing = 1U << 31U;
  constexpr scmp_datum_t kOperation = 0xffff'ffffU & ~kByRegisteredRing;
  // IORING_UNREGISTER_RING_FDS and _PBUF_RING of include/uapi/linux/io_uring.h.
  constexpr scmp_datum_t kTakeRingBack = 21;
  constexpr scmp_datum_t kTakeBuffersBack = 23;
  switch (rule) {
    case CallRule::kAll:
      break;
    case CallRule::kNoCode:
      return {{compare(2, SCMP_CMP_MASKED_EQ, PROT_EXEC, 0)}};
    case CallRule::kOwnThreads:
      return {{compare(0, SCMP_CMP_EQ, static_cast<scmp_datum_t>(::getpid()))}};
    case CallRule::kRingRelease:
      return {{compare(1, SCMP_CMP_MASKED_EQ, kOperation, kTakeRingBack)},
              {compare(1, SCMP_CMP_MASKED_EQ, kOperation, kTakeBuffersBack)}};
    case CallRule::kTerminalLook:
      return {{compare(1, SCMP_CMP_EQ, TCGETS)}, {compare(1, SCMP_CMP_EQ, TCGETS2)}};
  }
  return {{}};
}

/// 0 or an errno.
int set_attributes(scmp_filter_ctx filter) noexcept {
  // Packets are data here, never programs: speculation is not what they could misuse, and before
  // Linux 5.16 each filter would slow its thread down for it.
  for (const auto& [attribute, value] :
       {std::pair{SCMP_FLTATR_CTL_SSB, 1U}, std::pair{SCMP_FLTATR_CTL_OPTIMIZE, 2U},
        std::pair{SCMP_FLTATR_API_SYSRAWRC, 1U},
        std::pair{SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS}})
    if (const int error = ::seccomp_attr_set(filter, attribute, value); error != 0) return -error;
  return 0;
}

/// Installs the filter of CALLS for the calling thread. 0 or an errno.
int allow_only(const std::vector<AllowedCall>& calls) {
  // Without our handler there is no message; the end comes all the same.
  const std::uint32_t violation =
      report_violations() ? SCMP_ACT_TRAP : std::uint32_t{SCMP_ACT_KILL_PROCESS};
  const Filter filter(::seccomp_init(violation));
  if (!filter) return ENOMEM;
  if (const int error = set_attributes(filter.get()); error != 0) return error;
  for (const AllowedCall& call : calls)
    for (const std::vector<scmp_arg_cmp>& arguments : comparisons_of(call.rule))
      if (const int error =
              ::seccomp_rule_add_array(filter.get(), SCMP_ACT_ALLOW, call.number,
                                       static_cast<unsigned>(arguments.size()), arguments.data());
          error != 0)
        return -error;
  return -::seccomp_load(filter.get());
}

void add_shortfall(std::string& shortfall, const std::string& part, int error) {
  if (error == 0) return;
  if (!shortfall.empty()) shortfall += ", ";
  shortfall += part + ": " + describe_errno(error);
}

/// glibc reads /proc/sys/vm/overcommit_memory when an arena of a thread is first cut back at its
/// end, and not again (check_may_shrink_heap() in malloc/arena.c). So that is done now, with as
/// much as any arena is ever cut back by: its one limit, which follows what was freed before, is at
/// most the length of an arena's part, 64 MiB. Little of it becomes memory.
void settle_allocator() {
  constexpr std::size_t kBlockBytes = std::size_t{100} << 10U;
  constexpr std::size_t kBlocks = 600;
  std::vector<std::unique_ptr<volatile char[]>> blocks;
  blocks.reserve(kBlocks);
  while (blocks.size() < kBlocks) blocks.emplace_back(new volatile char[kBlockBytes]);
  while (!blocks.empty()) blocks.pop_back();
}

}  // namespace

std::string_view sandbox_refusal() noexcept {
#ifdef TUNRELAY_SANITIZED
  return "this build has a sanitizer, whose own system calls are many";
#else
  return {};
#endif
}

ThreadSandbox enter_sandbox(ThreadKind kind) {
  ThreadSandbox sandbox;
  sandbox.shortfall = sandbox_refusal();
  if (!sandbox.shortfall.empty()) return sandbox;
  // The process's first thread has an arena that is cut back otherwise.
  static std::once_flag settled;
  if (::gettid() != ::getpid()) std::call_once(settled, settle_allocator);
  const int capabilities_error = keep_capabilities({});
  add_shortfall(sandbox.shortfall, "capabilities kept", capabilities_error);
  sandbox.has_no_capabilities = capabilities_error == 0;
  add_shortfall(sandbox.shortfall, "new privileges allowed", forbid_new_privileges());
  const std::vector<AllowedCall> calls = allowed_calls(kind);
  const int error = allow_only(calls);
  add_shortfall(sandbox.shortfall, "all system calls allowed", error);
  if (error == 0) sandbox.system_calls = calls.size();
  return sandbox;
}

void give_up_rights(ThreadKind kind, const ThreadRights& rights) {
  if (rights.user) become_user(*rights.user, rights.is_confined);
  if (rights.is_confined) static_cast<void>(enter_sandbox(kind));
}

void give_up_capabilities(bool keeps_file_rights) noexcept {
  const std::span<const int> kept(kFileCapabilities);
  static_cast<void>(keep_capabilities(keeps_file_rights ? kept : std::span<const int>()));
  static_cast<void>(forbid_new_privileges());
}

void refuse_shortfall(const std::string& shortfall) {
  if (!shortfall.empty())
    throw_unsupported_error("confine", "a relay thread", shortfall,
                            "--sandbox auto goes on without what this host refuses");
}

}  // namespace tunrelay
