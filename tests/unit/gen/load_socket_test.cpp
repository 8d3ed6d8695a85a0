// SPDX-License-Identifier: MIT
// A connect of the generator ends with an answer, whatever signals come meanwhile.
#include "gen/load_socket.hpp"

#include <gtest/gtest.h>
#include <pthread.h>
#include <signal.h>

#include <cerrno>
#include <chrono>
#include <thread>

#include "base/clock.hpp"

namespace tunrelay {
namespace {

constexpr int kSignal = SIGUSR2;
constexpr std::int64_t kLongNs = 20 * kNanosecondsPerSecond;

/// Signals the thread that made it every 10 ms.
class Interruptions {
 public:
  Interruptions() {
    struct sigaction action {};
    action.sa_handler = [](int) {};  // and no SA_RESTART
    ::sigaction(kSignal, &action, &former_);
    thread_ = std::jthread([connecting = ::pthread_self()](const std::stop_token& stop) {
      while (!stop.stop_requested()) {
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
        ::pthread_kill(connecting, kSignal);
      }
    });
  }
  ~Interruptions() {
    thread_ = {};
    ::sigaction(kSignal, &former_, nullptr);
  }
  Interruptions(const Interruptions&) = delete;
  Interruptions& operator=(const Interruptions&) = delete;

 private:
  struct sigaction former_ {};
  std::jthread thread_;
};

/// A listener whose queue of connections is full: the kernel drops requests for another.
class InterruptedConnectTest : public ::testing::Test {
 protected:
  static FileDescriptor socket_of(const char* address) {
    return bind_load_socket(SOCK_STREAM, IpAddress::parse(address), 0);
  }

  void SetUp() override {
    ASSERT_EQ(::listen(listener_.get(), 0), 0);
    ASSERT_EQ(try_connect(first_.get(), server_, kLongNs), 0);
  }

  FileDescriptor listener_ = socket_of("127.0.0.1");
  SocketAddress server_{IpAddress::parse("127.0.0.1"), port_of(listener_)};
  FileDescriptor first_ = socket_of("127.0.0.1");
  FileDescriptor second_ = socket_of("127.0.0.1");
};

TEST_F(InterruptedConnectTest, GoesOn) {
  const std::jthread server([this] {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    for (int at = 0; at < 2; ++at)
      ::close(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
  });
  const Interruptions interruptions;
  EXPECT_EQ(try_connect(second_.get(), server_, kLongNs), 0);
}

TEST_F(InterruptedConnectTest, EndsInTime) {
  const Interruptions interruptions;
  const std::int64_t begin_ns = monotonic_ns();
  constexpr std::int64_t kLimitNs = 200 * kNanosecondsPerMillisecond;
  EXPECT_EQ(try_connect(second_.get(), server_, kLimitNs), ETIMEDOUT);
  EXPECT_GE(monotonic_ns() - begin_ns, kLimitNs);
  EXPECT_LT(monotonic_ns() - begin_ns, kLongNs);
}

TEST_F(InterruptedConnectTest, ReportsARefusal) {
  const SocketAddress nobody(IpAddress::parse("127.0.0.1"), port_of(second_));
  const Interruptions interruptions;
  EXPECT_EQ(try_connect(first_.get(), nobody, kLongNs), EISCONN);
  EXPECT_EQ(try_connect(socket_of("127.0.0.1").get(), nobody, kLongNs), ECONNREFUSED);
}

}  // namespace
}  // namespace tunrelay
