// SPDX-License-Identifier: MIT
// A small relay of datagrams whose faults are known exactly: what a generator must find when it
// measures across it. Faults go by the numbers and the intended times that messages carry, so they
// are the same however busy the machine is.
#pragma once

#include <netinet/in.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.hpp"
#include "gen/load_end.hpp"
#include "gen/message.hpp"
#include "os/cpu_topology.hpp"
#include "os/file_descriptor.hpp"
#include "support/sockets.hpp"

namespace tunrelay::test {

/// What becomes of the messages that count. Of every `period` one is dropped, one goes twice, and
/// one goes behind the two that follow it.
struct RelayFaults {
  std::uint32_t period = 0;   ///< 0: none; 10 or more
  std::int64_t delay_ns = 0;  ///< each goes on so long after the time at which it should go
  int cpu = -1;               ///< the relay's; whoever receives there goes on at once
  double most_per_s = 0;      ///< more is dropped, but for a millisecond's worth; 0: no limit
};

/// Forwards to TARGET_PORT of ADDRESS (IPv4), in a thread, as long as it lives.
class DatagramRelay {
 public:
  DatagramRelay(const std::string& address, std::uint16_t target_port, const RelayFaults& faults)
      : faults_(faults),
        in_(bound_socket(address, SOCK_DGRAM)),
        out_(bound_socket(address, SOCK_DGRAM)) {
    const SocketAddress own = name_of(in_);
    port_ = ntohs(reinterpret_cast<const sockaddr_in&>(own.storage).sin_port);
    connect_socket(out_, SocketAddress(address, target_port));
    // Without the right to it the buffer stays as it is, which is enough for slow loads.
    constexpr int kBufferBytes = 32 << 20;
    static_cast<void>(
        ::setsockopt(in_.get(), SOL_SOCKET, SO_RCVBUFFORCE, &kBufferBytes, sizeof kBufferBytes));
    thread_ = std::thread([this] { run(); });
  }
  ~DatagramRelay() { finish(); }
  DatagramRelay(const DatagramRelay&) = delete;
  DatagramRelay& operator=(const DatagramRelay&) = delete;

  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
  /// Ends it. The share of the time that its thread had a CPU: of one that looks all the time,
  /// what other programs left it.
  double finish() {
    stop_ = true;
    if (thread_.joinable()) thread_.join();
    return cpu_share_;
  }

 private:
  struct Datagram {
    std::array<std::byte, 2048> bytes{};
    std::size_t size = 0;
    std::int64_t due_ns = 0;
  };

  void run() {
    ::prctl(PR_SET_TIMERSLACK, 1UL);
    if (faults_.cpu >= 0) static_cast<void>(pin_this_thread(faults_.cpu));
    const std::int64_t begin_ns = monotonic_ns();
    Datagram one;
    while (!stop_) {
      const ssize_t size = ::recv(in_.get(), one.bytes.data(), one.bytes.size(), MSG_DONTWAIT);
      if (size > 0) {
        one.size = static_cast<std::size_t>(size);
        take(one);
      } else if (faults_.delay_ns == 0) {
        // Who keeps times looks all the time, since a sleeper is woken late.
        constexpr timespec kPause{.tv_sec = 0, .tv_nsec = 20'000};
        ::nanosleep(&kPause, nullptr);
      }
      for (; !waiting_.empty() && waiting_.front().due_ns <= monotonic_ns(); waiting_.pop_front())
        send(waiting_.front());
    }
    cpu_share_ = static_cast<double>(clock_ns(CLOCK_THREAD_CPUTIME_ID)) /
                 static_cast<double>(monotonic_ns() - begin_ns);
  }

  void take(Datagram& one) {
    const MessageHeader header = load_message_header(one.bytes.data());
    one.due_ns = header.intended_ns + faults_.delay_ns;
    if (is_too_much(header.intended_ns)) return;
    if (!header.counts() || faults_.period == 0) return pass(one);
    const std::uint32_t place = header.sequence % faults_.period;
    if (place == faults_.period - 1) return;
    if (place == kHeldPlace) {
      held_ = one;
      return;
    }
    pass(one);
    if (place == 0) pass(one);
    if (place == kReleasingPlace && held_) {
      held_->due_ns = one.due_ns;
      pass(*held_);
      held_.reset();
    }
  }

  bool is_too_much(std::int64_t intended_ns) {
    if (faults_.most_per_s <= 0) return false;
    constexpr double kBurstNs = 1e6;
    const auto now_ns = static_cast<double>(intended_ns);
    free_ns_ = std::max(free_ns_, now_ns);
    if (free_ns_ > now_ns + kBurstNs) return true;
    free_ns_ += 1e9 / faults_.most_per_s;
    return false;
  }

  void pass(const Datagram& one) {
    if (faults_.delay_ns == 0)
      send(one);
    else
      waiting_.push_back(one);
  }

  void send(const Datagram& one) {
    // What finds no room is missing at the receiver, and the test sees that.
    static_cast<void>(::send(out_.get(), one.bytes.data(), one.size, MSG_NOSIGNAL));
    if (faults_.cpu >= 0) ::sched_yield();
  }

  static constexpr std::uint32_t kHeldPlace = 4;
  static constexpr std::uint32_t kReleasingPlace = kHeldPlace + 2;

  RelayFaults faults_;
  FileDescriptor in_;
  FileDescriptor out_;
  std::uint16_t port_ = 0;
  std::deque<Datagram> waiting_;
  std::optional<Datagram> held_;
  double free_ns_ = 0;
  double cpu_share_ = 0;
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

/// An end of a trial in this process whose sink stands behind a relay.
class RelayedEnd final : public LoadEnd {
 public:
  RelayedEnd(const IpAddress& address, const RelayFaults& faults)
      : end_(address), faults_(faults) {}

  [[nodiscard]] const IpAddress& address() const noexcept override { return end_.address(); }
  [[nodiscard]] bool shares_our_clock() const noexcept override { return true; }
  std::vector<std::uint16_t> open_sink(const LoadSpec& spec, std::uint16_t trial) override {
    std::vector<std::uint16_t> ports;
    for (const std::uint16_t port : end_.open_sink(spec, trial)) {
      relays_.push_back(std::make_unique<DatagramRelay>(address().to_string(), port, faults_));
      ports.push_back(relays_.back()->port());
    }
    return ports;
  }
  std::string open_source(const LoadSpec& spec, const SinkName& sink,
                          std::uint16_t trial) override {
    return end_.open_source(spec, sink, trial);
  }
  void start(std::int64_t begin_ns) override { end_.start(begin_ns); }
  [[nodiscard]] EndCounts counts() override { return end_.counts(); }
  [[nodiscard]] LoadEndReport report() override { return end_.report(); }
  void stop() override { end_.stop(); }
  [[nodiscard]] LoadEndReport finish() override {
    for (const auto& relay : relays_) cpu_share_ = std::min(cpu_share_, relay->finish());
    relays_.clear();
    return end_.finish();
  }
  /// Of its relays, the least one; see DatagramRelay::finish().
  [[nodiscard]] double cpu_share() const noexcept { return cpu_share_; }

 private:
  LocalEnd end_;
  RelayFaults faults_;
  std::vector<std::unique_ptr<DatagramRelay>> relays_;
  double cpu_share_ = 1;
};

}  // namespace tunrelay::test
