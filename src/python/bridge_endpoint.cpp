// SPDX-License-Identifier: MIT
#include "python/bridge_endpoint.hpp"

#include <time.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "python/stage_bridge.hpp"

namespace tunrelay::python {
namespace {

constexpr const char* kTooSlow = "Python too slow";
constexpr std::uint32_t kCodeBits = 3;

/// A decision's parts, as bridge.h has them.
struct Decision {
  explicit Decision(std::uint64_t bits) noexcept
      : code(static_cast<std::uint32_t>(bits) & ((1U << kCodeBits) - 1)),
        which(static_cast<std::uint32_t>(bits) >> kCodeBits),
        value(static_cast<std::uint32_t>(bits >> 32U)) {}

  std::uint32_t code;
  std::uint32_t which;
  std::uint32_t value;
};

/// The bytes number AT of a reply; none where there is no such number.
std::pair<const std::uint8_t*, std::uint32_t> bytes_of(const Reply& reply, std::uint32_t at) {
  if (at >= reply.ends.size()) return {reply.bytes.data(), 0};
  const std::uint32_t begin = at == 0 ? 0 : reply.ends[at - 1];
  return {reply.bytes.data() + begin, reply.ends[at] - begin};
}

}  // namespace

BridgeEndpoint::BridgeEndpoint(const tunrelay_bridge_stage& stage, const tunrelay_host& host,
                               std::uint32_t number)
    : stage_(stage), host_(&host), number_(number), pool_(number), slots_(stage.most_waiting) {
  for (std::uint32_t slot = stage.most_waiting; slot-- != 0;) free_slots_.push_back(slot);
}

void BridgeEndpoint::take(std::uint32_t way, tunrelay_frame* const* frames,
                          std::size_t count) noexcept {
  const bool is_taken = way == TUNRELAY_BRIDGE_FROM_DEVICE ? stage_.takes_from_device != 0
                                                           : stage_.takes_from_link != 0;
  for (std::size_t at = 0; at < count; ++at)
    if (!is_taken)
      host_->pass(host_->context, frames[at]);
    else if (!show(way, *frames[at]))
      host_->drop(host_->context, frames[at], kTooSlow);
}

bool BridgeEndpoint::show(std::uint32_t way, tunrelay_frame& frame) noexcept {
  if (free_slots_.empty()) return false;
  const std::uint32_t length = std::min(frame.length, stage_.snap_bytes);
  if (open_ != nullptr && (open_->count == TUNRELAY_BRIDGE_MOST_RECORDS ||
                           open_bytes_ + length > ChunkPool::kChunkBytes)) {
    filled_.push(std::exchange(open_, nullptr)->number);
    has_filled_ = true;
  }
  if (open_ == nullptr) {
    open_ = pool_.take();
    open_bytes_ = 0;
  }
  if (open_ == nullptr) return false;
  open_->records[open_->count] = {.arrival_ns = frame.arrival_ns,
                                  .id = frame.id,
                                  .offset = open_bytes_,
                                  .length = length,
                                  .whole_length = frame.length + frame.payload_length,
                                  .segments = frame.segments,
                                  .flags = frame.flags,
                                  .way = way};
  open_->ways |= 1U << way;
  std::copy_n(frame.bytes, length, open_->bytes + open_bytes_);
  const std::uint32_t slot = free_slots_.back();
  free_slots_.pop_back();
  slots_[slot] = {&frame, open_->bytes + open_bytes_, length};
  open_->decisions[open_->count] = std::uint64_t{slot} << kCodeBits | TUNRELAY_BRIDGE_PASS;
  ++open_->count;
  open_bytes_ += length;
  return true;
}

bool BridgeEndpoint::publish() noexcept {
  bool has_published = std::exchange(has_filled_, false);
  if (open_ != nullptr) {
    // While Python has chunks to take, the open one gathers more. That it is kept is said before
    // the look, and Python looks at that after it has taken a chunk: one of the two sees the other.
    keeps_open_.store(true, std::memory_order_seq_cst);
    if (filled_.empty()) {
      keeps_open_.store(false, std::memory_order_relaxed);
      filled_.push(std::exchange(open_, nullptr)->number);
      has_published = true;
    }
  }
  if (has_published) stage_.bridge->notify();
  return has_published;
}

tunrelay_bridge_chunk* BridgeEndpoint::take_chunk() noexcept {
  std::uint32_t number = 0;
  if (!filled_.pop(number)) return nullptr;
  ++chunks_out_;
  if (keeps_open_.exchange(false, std::memory_order_seq_cst)) wake();
  return &pool_.at(number);
}

void BridgeEndpoint::give_back(std::uint32_t chunk) noexcept {
  --chunks_out_;
  pool_.give_back(chunk);
}

void BridgeEndpoint::reply(std::unique_ptr<Reply> reply) {
  for (Reply* done = nullptr; carried_out_.pop(done);) delete done;
  constexpr timespec kPause{.tv_sec = 0, .tv_nsec = 50'000};
  while (!replies_.push(reply.get())) {
    if (is_gone()) return;
    wake();
    ::nanosleep(&kPause, nullptr);
  }
  static_cast<void>(reply.release());
  wake();
}

void BridgeEndpoint::carry_out_replies() noexcept {
  // In this order: what was replied of a chunk was submitted before the chunk was given back, and
  // is written back from it before it is taken again.
  pool_.collect();
  for (Reply* reply = nullptr; replies_.pop(reply);) {
    carry_out(*reply);
    carried_out_.push(reply);
  }
}

void BridgeEndpoint::carry_out(const Reply& reply) noexcept {
  deadline_ns_ = reply.deadline_ns;
  for (const std::uint64_t decision : reply.decisions) answer(reply, decision);
}

void BridgeEndpoint::answer(const Reply& reply, std::uint64_t bits) noexcept {
  const Decision decision(bits);
  if (decision.code == TUNRELAY_BRIDGE_COUNT)
    return host_->count(host_->context, stage_.bridge->names().text(decision.which),
                        decision.value);
  if (decision.code == TUNRELAY_BRIDGE_SEND) {
    const auto [bytes, length] = bytes_of(reply, decision.value);
    host_->send(host_->context, decision.which, bytes, length);
    return;
  }
  if (decision.which >= slots_.size()) return;  // no frame's number
  const Slot slot = std::exchange(slots_[decision.which], {});
  tunrelay_frame* frame = slot.frame;
  if (frame == nullptr) return;
  free_slots_.push_back(decision.which);
  switch (decision.code) {
    case TUNRELAY_BRIDGE_PASS:
      if (frame->capacity != 0) write_back(*frame, slot.shown, slot.length);
      return host_->pass(host_->context, frame);
    case TUNRELAY_BRIDGE_REPLACE: {
      const auto [bytes, length] = bytes_of(reply, decision.value);
      write_back(*frame, bytes, length);
      return host_->pass(host_->context, frame);
    }
    case TUNRELAY_BRIDGE_DROP:
      return host_->drop(host_->context, frame, stage_.bridge->names().text(decision.value));
    default:
      return host_->finish(host_->context, frame);
  }
}

void BridgeEndpoint::write_back(tunrelay_frame& frame, const std::uint8_t* bytes,
                                std::size_t length) noexcept {
  length = std::min<std::size_t>(length, frame.capacity);
  if (length != 0) std::memcpy(frame.bytes, bytes, length);
  frame.length = static_cast<std::uint32_t>(length);
}

bool BridgeEndpoint::is_gone() const {
  const std::scoped_lock lock(life_);
  return host_ == nullptr;
}

void BridgeEndpoint::detach() {
  const std::scoped_lock lock(life_);
  host_ = nullptr;
  for (Reply* reply = nullptr; replies_.pop(reply);) delete reply;
  for (Reply* reply = nullptr; carried_out_.pop(reply);) delete reply;
}

void BridgeEndpoint::wake() {
  const std::scoped_lock lock(life_);
  if (host_ != nullptr) host_->wake(host_->context);
}

}  // namespace tunrelay::python
