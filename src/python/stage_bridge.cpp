// SPDX-License-Identifier: MIT
#include "python/stage_bridge.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

namespace tunrelay::python {
namespace {

constexpr std::int64_t kNanoseconds = 1'000'000'000;

std::int64_t now_ns() noexcept {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * kNanoseconds + now.tv_nsec;
}

}  // namespace

StageBridge::StageBridge(const tunrelay_bridge_calls& calls, bool is_synchronous)
    : calls_(calls),
      is_synchronous_(is_synchronous),
      bell_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
  if (bell_ < 0) throw std::system_error(errno, std::generic_category(), "eventfd");
}

StageBridge::~StageBridge() {
  ::close(bell_);
}

std::shared_ptr<BridgeEndpoint> StageBridge::add(const tunrelay_bridge_stage& stage,
                                                 const tunrelay_host& host) {
  const std::scoped_lock lock(mutex_);
  auto endpoint = std::make_shared<BridgeEndpoint>(stage, host, ++last_number_);
  endpoints_[last_number_] = endpoint;
  return endpoint;
}

void StageBridge::remove(BridgeEndpoint& endpoint) {
  endpoint.detach();
  const std::scoped_lock lock(mutex_);
  // Otherwise with the last chunk that comes back.
  if (endpoint.chunks_out() == 0) endpoints_.erase(endpoint.number());
}

std::shared_ptr<BridgeEndpoint> StageBridge::find(std::uint32_t number) {
  const std::scoped_lock lock(mutex_);
  const auto found = endpoints_.find(number);
  return found == endpoints_.end() ? nullptr : found->second;
}

void StageBridge::notify() noexcept {
  if (rung_.exchange(true, std::memory_order_acq_rel)) return;
  constexpr std::uint64_t kOne = 1;
  [[maybe_unused]] const ssize_t written = ::write(bell_, &kOne, sizeof kOne);
}

int StageBridge::exchange(const tunrelay_bridge_reply* replies, std::size_t reply_count,
                          tunrelay_bridge_chunk* const* done, std::size_t done_count,
                          std::int64_t deadline_ns, tunrelay_bridge_chunk** work) {
  for (std::size_t at = 0; at < reply_count; ++at) submit(replies[at]);
  for (std::size_t at = 0; at < done_count; ++at) give_back(*done[at]);
  int count = collect(work);
  if (count != 0 || deadline_ns <= now_ns()) return count;
  wait(deadline_ns);
  return collect(work);
}

void StageBridge::submit(const tunrelay_bridge_reply& given) {
  const auto endpoint = find(given.endpoint);
  if (!endpoint) return;
  auto reply = std::make_unique<Reply>();
  reply->decisions.assign(given.decisions, given.decisions + given.decision_count);
  reply->ends.assign(given.ends, given.ends + given.bytes_count);
  if (!std::is_sorted(reply->ends.begin(), reply->ends.end())) return;  // not what bridge.h says
  if (given.bytes_count != 0) reply->bytes.assign(given.bytes, given.bytes + reply->ends.back());
  reply->deadline_ns = given.deadline_ns;
  endpoint->reply(std::move(reply));
}

void StageBridge::give_back(const tunrelay_bridge_chunk& chunk) {
  const std::shared_ptr<BridgeEndpoint> endpoint = find(chunk.endpoint);
  if (!endpoint) return;
  endpoint->give_back(chunk.number);
  if (endpoint->chunks_out() != 0 || !endpoint->is_gone()) return;
  const std::scoped_lock lock(mutex_);
  endpoints_.erase(endpoint->number());
}

int StageBridge::collect(tunrelay_bridge_chunk** work) {
  // Taken back before the look: what is published from then on rings again.
  rung_.store(false, std::memory_order_seq_cst);
  int count = 0;
  const std::scoped_lock lock(mutex_);
  for (const auto& [number, endpoint] : endpoints_)
    while (count < TUNRELAY_BRIDGE_MOST_WORK) {
      tunrelay_bridge_chunk* chunk = endpoint->take_chunk();
      if (chunk == nullptr) break;
      work[count++] = chunk;
    }
  return count;
}

void StageBridge::wait(std::int64_t deadline_ns) noexcept {
  const std::int64_t left_ns = std::max<std::int64_t>(deadline_ns - now_ns(), 0);
  const timespec limit{.tv_sec = left_ns / kNanoseconds, .tv_nsec = left_ns % kNanoseconds};
  pollfd heard{.fd = bell_, .events = POLLIN, .revents = 0};
  ::ppoll(&heard, 1, &limit, nullptr);
  std::uint64_t rings = 0;
  [[maybe_unused]] const ssize_t taken = ::read(bell_, &rings, sizeof rings);
}

}  // namespace tunrelay::python
