// SPDX-License-Identifier: MIT
#include "sandbox/allowed_calls.hpp"

#include <seccomp.h>

#include <array>

namespace tunrelay {
namespace {

using Kinds = unsigned;

constexpr Kinds of(ThreadKind kind) {
  return 1U << static_cast<unsigned>(kind);
}

constexpr Kinds kStages = of(ThreadKind::kStageUringWorker) | of(ThreadKind::kStageSyscallWorker);
constexpr Kinds kUring = of(ThreadKind::kUringWorker) | of(ThreadKind::kStageUringWorker);
constexpr Kinds kSyscall = of(ThreadKind::kSyscallWorker) | of(ThreadKind::kStageSyscallWorker);
constexpr Kinds kWorkers = kUring | kSyscall;
constexpr Kinds kWriters =
    of(ThreadKind::kTracePrinter) | of(ThreadKind::kRecorder) | of(ThreadKind::kCapture);
constexpr Kinds kFileWriters = of(ThreadKind::kRecorder) | of(ThreadKind::kCapture);
constexpr Kinds kEvery = kWorkers | kWriters;

struct ListedCall {
  int number;
  Kinds kinds;
  CallRule rule = CallRule::kAll;
};

// As glibc makes it: architectures that came late have the second alone.
constexpr int kEpollWait = SCMP_SYS(epoll_wait) >= 0 ? SCMP_SYS(epoll_wait) : SCMP_SYS(epoll_pwait);

// A call a line, with who needs it and for what. What is not here is a violation: no thread of ours
// opens, makes a socket, starts a program, maps code, or does anything to a device but read and
// write packets.
constexpr auto kListedCalls = std::to_array<ListedCall>({
    // Packets.
    {SCMP_SYS(io_uring_enter), kUring},
    {SCMP_SYS(epoll_pwait2), kSyscall},
    {kEpollWait, kSyscall},           // its ways before Linux 5.11...
    {SCMP_SYS(ppoll), kEvery},        // ...and whether standard error takes a last message
    {SCMP_SYS(epoll_ctl), kSyscall},  // a deleted device is watched no more
    {SCMP_SYS(read), kWorkers},       // a queue, and the eventfd that ends a wait
    {SCMP_SYS(write), kEvery},        // a queue, another thread's eventfd; a file; a last message
    {SCMP_SYS(writev), kEvery},       // a packet in pieces
    // The end of a thread: its ring or its epoll set, its file.
    {SCMP_SYS(io_uring_register), kUring, CallRule::kRingRelease},
    {SCMP_SYS(close), kEvery},
    {SCMP_SYS(exit), kEvery},
    {SCMP_SYS(rt_sigprocmask), kEvery},  // glibc, where a thread ends; abort(3)
    // Other threads and the time.
    {SCMP_SYS(futex), kEvery},
    {SCMP_SYS(sched_yield), kWorkers},
    {SCMP_SYS(clock_nanosleep), kEvery},
    {SCMP_SYS(clock_gettime), kEvery},    // CPU times; all clocks where the vDSO does not know them
    {SCMP_SYS(restart_syscall), kEvery},  // of a wait, behind SIGSTOP and SIGCONT
    {SCMP_SYS(rt_sigreturn), kEvery},     // behind a signal's handler
    // Memory: malloc(3), free(3), and slots that are given back.
    {SCMP_SYS(brk), kEvery},
    {SCMP_SYS(mmap), kEvery, CallRule::kNoCode},
    {SCMP_SYS(mprotect), kEvery, CallRule::kNoCode},
    {SCMP_SYS(munmap), kEvery},
    {SCMP_SYS(madvise), kEvery},
    {SCMP_SYS(mremap), kWriters | kStages},  // realloc(3): nothing of ours in a worker does that
    // abort(3), where a bug was found, and the end behind a violation.
    {SCMP_SYS(getpid), kEvery},
    {SCMP_SYS(gettid), kEvery},
    {SCMP_SYS(tgkill), kEvery, CallRule::kOwnThreads},
    // A file that is open already: its size, its kind, room for its end.
    {SCMP_SYS(fstat), kWriters},
    {SCMP_SYS(newfstatat), kWriters},  // what fstat(3) is in glibc 2.33 and later
    {SCMP_SYS(lseek), kWriters},
    {SCMP_SYS(ioctl), kWriters, CallRule::kTerminalLook},  // stdio: whether to buffer lines
    {SCMP_SYS(poll), kWriters},                            // a pipe that is full
    {SCMP_SYS(rt_sigpending), kWriters},                   // a wait for it ends with a stop signal
    {SCMP_SYS(ftruncate), kFileWriters},                   // half a line or block of a full disk
    {SCMP_SYS(fsync), kFileWriters},
});

}  // namespace

std::vector<AllowedCall> allowed_calls(ThreadKind kind) {
  std::vector<AllowedCall> calls;
  for (const ListedCall& call : kListedCalls)
    // libseccomp gives calls of other architectures negative numbers.
    if ((call.kinds & of(kind)) != 0 && call.number >= 0) calls.push_back({call.number, call.rule});
  return calls;
}

}  // namespace tunrelay
