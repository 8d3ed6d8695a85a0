// SPDX-License-Identifier: MIT
// A ring that began disabled: what it may do once it is enabled.
#include "engine/ring.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>

#include "engine/engine.hpp"
#include "engine/uring_compat.hpp"
#include "support/endpoint_pair.hpp"
#include "support/skip.hpp"

namespace tunrelay {
namespace {

TEST(RestrictedRingTest, DoesWhatTheRelayNeedsOnItsFilesAndNothingElse) {
  if (!probe_uring().available) return test::skip_or_fail(probe_uring().reason);
  const test::EndpointPair pair;
  Ring ring(8, 16, std::array{pair.near.get()}, true);
  ASSERT_EQ(ring.enable_restricted(), 0);
  const auto answer = [&ring](const auto& prepare) {
    prepare(ring.next_entry());
    ring.submit_and_wait(1'000'000'000);
    int result = 1;
    ring.reap([&result](const io_uring_cqe& completion) { result = completion.res; });
    return result;
  };
  const char text[] = "packet";
  EXPECT_EQ(answer([&](io_uring_sqe* entry) {
              io_uring_prep_write(entry, 0, text, sizeof text, kCurrentPosition);
              entry->flags |= IOSQE_FIXED_FILE;
            }),
            static_cast<int>(sizeof text));
  // A file that was not registered, by its descriptor.
  EXPECT_EQ(answer([&](io_uring_sqe* entry) {
              io_uring_prep_write(entry, pair.near.get(), text, sizeof text, kCurrentPosition);
            }),
            -EACCES);
  EXPECT_EQ(answer([](io_uring_sqe* entry) {
              io_uring_prep_openat(entry, AT_FDCWD, "/etc/passwd", O_RDONLY, 0);
            }),
            -EACCES);
  EXPECT_EQ(answer([](io_uring_sqe* entry) {
              io_uring_prep_socket(entry, AF_INET, SOCK_DGRAM, 0, 0);
              entry->flags |= IOSQE_FIXED_FILE;
            }),
            -EACCES);
  const int more = pair.far.get();
  EXPECT_EQ(io_uring_register_files_update(ring.get(), 0, &more, 1), -EACCES);
}

}  // namespace
}  // namespace tunrelay
