// SPDX-License-Identifier: MIT
#include "support/refused_calls.hpp"

#include <gtest/gtest.h>
#include <linux/filter.h>
#include <linux/if_tun.h>
#include <linux/io_uring.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include <cerrno>
#include <cstddef>
#include <thread>

namespace tunrelay::test {
namespace {

// The low half of an argument: offsets of little-endian machines.
constexpr std::uint32_t offset_of_argument(std::size_t number) {
  return static_cast<std::uint32_t>(offsetof(seccomp_data, args) + number * sizeof(std::uint64_t));
}

/// Each rule: load and compare what must match, each mismatch jumps to the next rule.
std::vector<sock_filter> filter_of(const std::vector<RefusedCall>& calls) {
  std::vector<sock_filter> program;
  for (const RefusedCall& call : calls) {
    struct Comparison {
      std::uint32_t offset;
      std::uint16_t jump;
      std::uint32_t value;
    };
    std::vector<Comparison> comparisons{
        {offsetof(seccomp_data, nr), BPF_JEQ, static_cast<std::uint32_t>(call.number)}};
    if (call.second_argument != 0)
      comparisons.push_back({offset_of_argument(1), BPF_JEQ, call.second_argument});
    if (call.third_argument_bits != 0)
      comparisons.push_back({offset_of_argument(2), BPF_JSET, call.third_argument_bits});
    for (std::size_t at = 0; at < comparisons.size(); ++at) {
      // Behind this comparison: two instructions for each that follows, and the refusal.
      const auto to_next_rule = static_cast<std::uint8_t>(2 * (comparisons.size() - at - 1) + 1);
      program.push_back(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, comparisons[at].offset));
      program.push_back(BPF_JUMP(static_cast<std::uint16_t>(BPF_JMP | comparisons[at].jump | BPF_K),
                                 comparisons[at].value, 0, to_next_rule));
    }
    program.push_back(
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | static_cast<std::uint32_t>(call.error)));
  }
  program.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
  return program;
}

}  // namespace

void run_without(const std::vector<RefusedCall>& calls, const std::function<void()>& body) {
  std::vector<sock_filter> program = filter_of(calls);
  std::thread([&] {
    const sock_fprog filter{.len = static_cast<unsigned short>(program.size()),
                            .filter = program.data()};
    ASSERT_EQ(::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
    ASSERT_EQ(::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter), 0);
    body();
  }).join();
}

RefusedCall refused_uso() {
  constexpr std::uint32_t kUso4AndUso6 = 0x60;
  return {__NR_ioctl, EINVAL, static_cast<std::uint32_t>(TUNSETOFFLOAD), kUso4AndUso6};
}

RefusedCall refused_epoll_pwait2(int error) {
  return {__NR_epoll_pwait2, error};
}

RefusedCall refused_multishot_reads() {
  return {__NR_io_uring_register, EINVAL, IORING_REGISTER_PROBE};
}

RefusedCall refused_io_uring(int error) {
  return {__NR_io_uring_setup, error};
}

}  // namespace tunrelay::test
