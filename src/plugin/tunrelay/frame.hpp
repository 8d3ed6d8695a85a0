// SPDX-License-Identifier: MIT
// A packet in the hands of a stage of yours; tunrelay/stage.hpp brings it.
#pragma once

#include <tunrelay/stage_abi.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <stdexcept>
#include <utility>

namespace tunrelay::plugin {

/// A packet that is yours: pass it, drop it, finish it, or keep it for later. One that is let go
/// without any of these is dropped as "let go".
class Frame {
 public:
  Frame() = default;
  Frame(tunrelay_frame& frame, const tunrelay_host& host) noexcept : frame_(&frame), host_(&host) {}
  Frame(Frame&& other) noexcept
      : frame_(std::exchange(other.frame_, nullptr)), host_(other.host_) {}
  Frame& operator=(Frame&& other) noexcept {
    if (this != &other) {
      drop("let go");
      frame_ = std::exchange(other.frame_, nullptr);
      host_ = other.host_;
    }
    return *this;
  }
  ~Frame() { drop("let go"); }
  Frame(const Frame&) = delete;
  Frame& operator=(const Frame&) = delete;

  /// Whether there is still a packet without a verdict. All other calls need one.
  explicit operator bool() const noexcept { return frame_ != nullptr; }

  [[nodiscard]] std::span<const std::byte> bytes() const noexcept {
    return std::as_bytes(std::span(frame_->bytes, frame_->length));
  }
  /// For Access::kLooksAtWireHeaders: what stands behind bytes().
  [[nodiscard]] std::span<const std::byte> payload() const noexcept {
    return std::as_bytes(std::span(frame_->payload, frame_->payload_length));
  }
  /// For Access::kChangesWireSegments: all that may be written, also behind the frame's end.
  [[nodiscard]] std::span<std::byte> space() noexcept {
    return std::as_writable_bytes(std::span(frame_->bytes, frame_->capacity));
  }
  /// The frame's new length, at most space().size().
  void resize(std::size_t bytes) noexcept { frame_->length = static_cast<std::uint32_t>(bytes); }
  /// NEW_START, which may be empty, takes the place of the first OLD_BYTES. Throws when that does
  /// not fit.
  void replace_start(std::size_t old_bytes, std::span<const std::byte> new_start) {
    const std::size_t rest = frame_->length - old_bytes;
    if (old_bytes > frame_->length || new_start.size() + rest > frame_->capacity)
      throw std::length_error("a frame too short or too long for its new start");
    std::memmove(frame_->bytes + new_start.size(), frame_->bytes + old_bytes, rest);
    std::copy(new_start.begin(), new_start.end(), space().begin());
    resize(new_start.size() + rest);
  }
  /// Wire segments; more than one: a super-packet.
  [[nodiscard]] std::uint32_t segments() const noexcept { return frame_->segments; }
  [[nodiscard]] bool checksum_pending() const noexcept {
    return (frame_->flags & TUNRELAY_CHECKSUM_PENDING) != 0;
  }
  [[nodiscard]] std::int64_t arrival_ns() const noexcept { return frame_->arrival_ns; }
  [[nodiscard]] std::uint64_t id() const noexcept { return frame_->id; }

  /// On in the direction in which it came.
  void pass() noexcept {
    if (auto* frame = std::exchange(frame_, nullptr)) host_->pass(host_->context, frame);
  }
  /// Lost, and counted under REASON.
  void drop(const char* reason) noexcept {
    if (auto* frame = std::exchange(frame_, nullptr)) host_->drop(host_->context, frame, reason);
  }
  /// Neither passed nor lost: it was for us, or others stand for it.
  void finish() noexcept {
    if (auto* frame = std::exchange(frame_, nullptr)) host_->finish(host_->context, frame);
  }

 private:
  tunrelay_frame* frame_ = nullptr;
  const tunrelay_host* host_ = nullptr;
};

}  // namespace tunrelay::plugin
