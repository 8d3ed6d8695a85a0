// SPDX-License-Identifier: MIT
// What a confined thread can do and can't. Each violation happens in a process of its own, which
// it ends.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/if_tun.h>
#include <seccomp.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <future>
#include <memory>
#include <regex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "os/file_descriptor.hpp"
#include "sandbox/capabilities.hpp"
#include "sandbox/file_access.hpp"
#include "sandbox/thread_sandbox.hpp"
#include "support/refused_calls.hpp"
#include "support/sanitizer.hpp"
#include "support/skip.hpp"
#include "support/temporary_folder.hpp"

namespace tunrelay {
namespace {

constexpr ThreadKind kWorkerKinds[] = {ThreadKind::kUringWorker, ThreadKind::kSyscallWorker,
                                       ThreadKind::kStageUringWorker,
                                       ThreadKind::kStageSyscallWorker};
constexpr ThreadKind kWriterKinds[] = {ThreadKind::kTracePrinter, ThreadKind::kRecorder,
                                       ThreadKind::kCapture};

std::vector<ThreadKind> all_kinds() {
  std::vector<ThreadKind> kinds(std::begin(kWorkerKinds), std::end(kWorkerKinds));
  kinds.insert(kinds.end(), std::begin(kWriterKinds), std::end(kWriterKinds));
  return kinds;
}

TEST(AllowedCallsTest, AWorkerHasAtMostTwentyFive) {
  for (const ThreadKind kind : kWorkerKinds) EXPECT_LE(allowed_calls(kind).size(), 25U);
}

TEST(AllowedCallsTest, NoneStandsTwiceAndNoneReachesFarther) {
  const std::set<int> never{
      SCMP_SYS(open),         SCMP_SYS(openat),         SCMP_SYS(openat2),
      SCMP_SYS(socket),       SCMP_SYS(connect),        SCMP_SYS(bind),
      SCMP_SYS(sendto),       SCMP_SYS(sendmsg),        SCMP_SYS(execve),
      SCMP_SYS(execveat),     SCMP_SYS(fork),           SCMP_SYS(vfork),
      SCMP_SYS(clone),        SCMP_SYS(clone3),         SCMP_SYS(ptrace),
      SCMP_SYS(unlink),       SCMP_SYS(unlinkat),       SCMP_SYS(rename),
      SCMP_SYS(renameat2),    SCMP_SYS(mount),          SCMP_SYS(setns),
      SCMP_SYS(unshare),      SCMP_SYS(prctl),          SCMP_SYS(capset),
      SCMP_SYS(setuid),       SCMP_SYS(io_uring_setup), SCMP_SYS(bpf),
      SCMP_SYS(kill),         SCMP_SYS(pidfd_open),     SCMP_SYS(pidfd_getfd),
      SCMP_SYS(memfd_create), SCMP_SYS(chmod),          SCMP_SYS(process_vm_writev)};
  for (const ThreadKind kind : all_kinds()) {
    std::set<int> seen;
    for (const AllowedCall& call : allowed_calls(kind)) {
      EXPECT_TRUE(seen.insert(call.number).second) << call.number;
      EXPECT_FALSE(never.contains(call.number)) << call.number;
    }
  }
}

/// Whether the calling thread is confined as it should be, by what the kernel shows of it.
std::string status_of_this_thread() {
  std::ifstream file("/proc/thread-self/status");
  return {std::istreambuf_iterator<char>(file), {}};
}

#ifdef TUNRELAY_UNDER_SANITIZER

TEST(SandboxTest, IsRefusedByASanitizersBuildWhichSaysSo) {
  const ThreadSandbox sandbox = enter_sandbox(ThreadKind::kUringWorker);
  EXPECT_EQ(sandbox.shortfall, sandbox_refusal());
  EXPECT_NE(sandbox.shortfall, "");
  EXPECT_EQ(sandbox.system_calls, 0U);
}

#else

class SandboxTest : public ::testing::TestWithParam<ThreadKind> {};

TEST_P(SandboxTest, WhatAThreadNeedsGoesOnAndOtherThreadsAreNotConfined) {
  const int bell = ::eventfd(0, EFD_NONBLOCK);
  std::atomic<int> tid = 0;
  std::promise<void> seen;
  ThreadSandbox sandbox;
  std::thread confined([&, looked = seen.get_future()]() mutable {
    sandbox = enter_sandbox(GetParam());
    std::vector<std::unique_ptr<std::vector<char> > > memory;
    for (std::size_t bytes = 1; bytes < 64 << 20U; bytes *= 2)
      memory.push_back(std::make_unique<std::vector<char> >(bytes, 'x'));
    memory.clear();
    const std::uint64_t one = 1;
    [[maybe_unused]] const ssize_t written = ::write(bell, &one, sizeof one);
    std::this_thread::sleep_for(std::chrono::microseconds(100));
    timespec time{};
    ::syscall(SYS_clock_gettime, CLOCK_THREAD_CPUTIME_ID, &time);
    tid = ::gettid();
    tid.notify_one();
    looked.wait();
  });
  tid.wait(0);
  std::ifstream file("/proc/self/task/" + std::to_string(tid) + "/status");
  const std::string status(std::istreambuf_iterator<char>(file), {});
  seen.set_value();
  confined.join();
  ::close(bell);
  EXPECT_EQ(sandbox.shortfall, "");
  EXPECT_TRUE(sandbox.has_no_capabilities);
  EXPECT_EQ(sandbox.system_calls, allowed_calls(GetParam()).size());
  for (const char* line : {"CapInh:\t0{16}", "CapPrm:\t0{16}", "CapEff:\t0{16}", "CapAmb:\t0{16}",
                           "NoNewPrivs:\t1", "Seccomp:\t2"})
    EXPECT_TRUE(std::regex_search(status, std::regex(line))) << line << " in\n" << status;
  const bool is_root = ::geteuid() == 0;
  EXPECT_EQ(std::regex_search(status, std::regex("CapBnd:\t0{16}")), is_root) << status;
  EXPECT_TRUE(std::regex_search(status_of_this_thread(), std::regex("NoNewPrivs:\t0")));
}

TEST_P(SandboxTest, OfAWorkerEndsEachOtherCallByItsName) {
  struct Violation {
    const char* name;
    std::function<void()> call;
  };
  const Violation violations[] = {
      {"openat", [] { ::open("/dev/null", O_RDONLY); }},
      {"socket", [] { ::socket(AF_INET, SOCK_DGRAM, 0); }},
      {"execve", [] { ::execl("/bin/true", "true", nullptr); }},
      {"ioctl", [] { ::ioctl(0, TUNSETPERSIST, 1); }},
      {"ioctl", [] { ::ioctl(0, TUNSETOWNER, 0); }},
      {"mmap",
       [] { ::mmap(nullptr, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0); }},
      {"mprotect", [] { ::mprotect(nullptr, 4096, PROT_READ | PROT_EXEC); }},
      {"clone3", [] { ::syscall(SYS_clone3, nullptr, 0); }},
      {"ptrace", [] { ::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr); }},
      {"prctl", [] { ::prctl(PR_SET_DUMPABLE, 1); }},
      {"kill", [] { ::kill(1, 0); }},
      {"tgkill", [] { ::syscall(SYS_tgkill, 1, 1, SIGTERM); }},
      {"io_uring_setup", [] { ::syscall(SYS_io_uring_setup, 8, nullptr); }},
      {"io_uring_register", [] { ::syscall(SYS_io_uring_register, 0, 2, nullptr, 0); }},
      {"exit_group", [] { ::_exit(0); }},
  };
  for (const Violation& violation : violations) {
    const std::string name = violation.name;
    EXPECT_EXIT(
        {
          const ThreadSandbox sandbox = enter_sandbox(GetParam());
          if (!sandbox.shortfall.empty()) std::abort();
          violation.call();
          std::abort();
        },
        ::testing::KilledBySignal(SIGSYS), "system call " + name + " \\([0-9]+\\)");
  }
}

TEST_P(SandboxTest, KeepsAHandlerThatTheProgramHas) {
  EXPECT_EXIT(
      {
        std::signal(SIGSYS, [](int /*signal*/) { ::_exit(0); });
        static_cast<void>(enter_sandbox(GetParam()));
        ::open("/dev/null", O_RDONLY);
        std::abort();
      },
      ::testing::KilledBySignal(SIGSYS), "^$");
}

INSTANTIATE_TEST_SUITE_P(Workers, SandboxTest, ::testing::ValuesIn(kWorkerKinds));

class WriterSandboxTest : public SandboxTest {};

TEST_P(WriterSandboxTest, WritesToWhatIsOpenAndOpensNothing) {
  EXPECT_EXIT(
      {
        const ThreadSandbox sandbox = enter_sandbox(GetParam());
        if (!sandbox.shortfall.empty()) std::abort();
        std::fprintf(stdout, "a line\n");
        std::fflush(stdout);
        ::open("/dev/null", O_RDONLY);
        std::abort();
      },
      ::testing::KilledBySignal(SIGSYS), "system call openat");
}

INSTANTIATE_TEST_SUITE_P(Writers, WriterSandboxTest, ::testing::ValuesIn(kWriterKinds));

#endif

TEST(CapabilitiesTest, AreKeptThatWereAskedForAndNoOthers) {
  std::string status;
  std::thread([&status] {
    constexpr int kKept[] = {12, 21};  // CAP_NET_ADMIN, CAP_SYS_ADMIN
    ASSERT_EQ(keep_capabilities(kKept), 0);
    status = status_of_this_thread();
  }).join();
  EXPECT_NE(status.find("CapInh:\t0000000000000000"), std::string::npos) << status;
  // An ordinary user has none to keep.
  const std::string kept = ::geteuid() == 0 ? "0000000000201000" : "0000000000000000";
  for (const char* set : {"CapPrm:\t", "CapEff:\t"})
    EXPECT_NE(status.find(set + kept), std::string::npos) << set << " in\n" << status;
  EXPECT_EQ(status.find("CapBnd:\t" + kept) != std::string::npos, ::geteuid() == 0) << status;
}

/// The errno of opening PATH with FLAGS; 0: it is open.
int errno_of_open(const std::string& path, int flags) {
  const FileDescriptor file(::open(path.c_str(), flags | O_CLOEXEC, 0600));
  return file.is_open() ? 0 : errno;
}

TEST(FileAccessTest, FilesAreChangedInThePlacesAlone) {
  const test::TemporaryFolder folder;
  const std::string here = folder.path() + "/here";
  const std::string there = folder.path() + "/there";
  for (const std::string& place : {here, there}) {
    std::filesystem::create_directory(place);
    std::ofstream(place + "/old") << "text";
  }
  FileAccess access;
  std::array<int, 7> results{};
  const FileDescriptor before(::open((there + "/old").c_str(), O_WRONLY | O_CLOEXEC));
  std::thread([&] {
    ASSERT_EQ(forbid_new_privileges(), 0);
    access = change_files_only_in(
        std::array{here, folder.path() + "/missing", std::string("/dev/null")});
    results = {errno_of_open(here + "/new", O_WRONLY | O_CREAT),
               errno_of_open(here + "/old", O_WRONLY | O_TRUNC),
               errno_of_open("/dev/null", O_RDWR),
               errno_of_open(there + "/old", O_RDONLY),
               errno_of_open(there + "/old", O_WRONLY),
               errno_of_open(there + "/new", O_WRONLY | O_CREAT),
               ::unlink((there + "/old").c_str()) == 0 ? 0 : errno};
    // What was open is.
    EXPECT_EQ(::write(before.get(), "x", 1), 1);
  }).join();
  if (access.error == ENOSYS || access.error == EOPNOTSUPP)
    return test::skip_or_fail("this kernel has no Landlock");
  EXPECT_EQ(access.error, 0);
  EXPECT_EQ(results, (std::array{0, 0, 0, 0, EACCES, EACCES, EACCES}));
  EXPECT_EQ(errno_of_open(there + "/old", O_WRONLY), 0) << "other threads go on as they were";
}

TEST(CapabilitiesTest, WhatIsOthersTakesOneToChangeOrRead) {
  if (::geteuid() != 0) return test::skip_or_fail("needs root");
  constexpr uid_t kOther = 65'534;
  const test::TemporaryFolder folder;
  const std::string theirs = folder.path() + "/theirs";
  std::filesystem::create_directory(theirs);
  for (const std::string& file : {theirs + "/old", folder.path() + "/old"}) {
    std::ofstream(file) << "text";
    ASSERT_EQ(::chmod(file.c_str(), 0600), 0);
    ASSERT_EQ(::chown(file.c_str(), kOther, kOther), 0);
  }
  ASSERT_EQ(::chown(theirs.c_str(), kOther, kOther), 0);
  EXPECT_TRUE(may_change_without_capabilities(folder.path() + "/new"));
  EXPECT_FALSE(may_change_without_capabilities(folder.path() + "/old"));
  EXPECT_FALSE(may_change_without_capabilities(folder.path() + "/missing/new"));
  EXPECT_FALSE(may_change_without_capabilities(theirs + "/new"));
  EXPECT_TRUE(may_read_without_capabilities(folder.path() + "/new")) << "there is nothing to read";
  EXPECT_FALSE(may_read_without_capabilities(theirs + "/old"));
  // The question has taken nothing.
  EXPECT_EQ(errno_of_open(theirs + "/old", O_RDWR), 0);
}

/// Otherwise what stands there could not be taken away at the end.
TEST(FileAccessTest, APlaceThatCanNotBeOpenedIsNotLeftOut) {
  FileAccess access;
  test::run_without({{__NR_openat, EMFILE}},
                    [&] { access = change_files_only_in(std::array{std::string("/tmp")}); });
  if (access.error == ENOSYS || access.error == EOPNOTSUPP)
    return test::skip_or_fail("this kernel has no Landlock");
  EXPECT_EQ(access.error, EMFILE);
}

}  // namespace
}  // namespace tunrelay
