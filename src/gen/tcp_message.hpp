// SPDX-License-Identifier: MIT
// Messages in a TCP stream: before each stands its size, and a response says when it was sent.
//
//   request   size (4 bytes, itself included) | header (16) | pattern
//   response  size                            | header (16) | reflected_ns (8) | pattern from 8 on
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "gen/message.hpp"

namespace tunrelay {

inline constexpr std::uint32_t kLengthBytes = 4;
inline constexpr std::uint32_t kRequestHeadBytes = kLengthBytes + kMessageHeaderBytes;
inline constexpr std::uint32_t kResponseHeadBytes = kRequestHeadBytes + kReflectedBytes;

/// Writes one message of SIZE_BYTES in all to a blocking SOCKET. REFLECTED_NS: not 0 for a
/// response. Returns 0 or an errno; ECANCELED: STOP was set before it was all written.
[[nodiscard]] int write_tcp_message(int socket, const MessageHeader& header,
                                    std::uint32_t size_bytes, std::int64_t reflected_ns,
                                    const PayloadPattern& pattern,
                                    const std::atomic<bool>& stop) noexcept;

/// What a reader found.
struct TcpMessage {
  MessageHeader header;
  std::uint32_t size_bytes = 0;
  std::int64_t reflected_ns = 0;  ///< of a response
  bool intact = true;
};

/// Finds the messages in a stream and checks their bytes as they come, without keeping them.
/// Of one connection; used by one thread.
class TcpReader {
 public:
  /// MOST_BYTES: of a message; what claims more makes no sense.
  TcpReader(bool responses, std::uint32_t most_bytes) noexcept
      : head_size_(responses ? kResponseHeadBytes : kRequestHeadBytes), most_bytes_(most_bytes) {}

  /// Calls DONE(const TcpMessage&) for each message that CHUNK completes. False: the stream
  /// makes no sense (any more).
  template <typename Done>
  [[nodiscard]] bool take(std::span<const std::byte> chunk, const PayloadPattern& pattern,
                          const Done& done) noexcept {
    while (!chunk.empty()) {
      if (head_bytes_ < head_size_) {
        const std::size_t part = std::min(chunk.size(), head_size_ - head_bytes_);
        std::memcpy(head_.data() + head_bytes_, chunk.data(), part);
        head_bytes_ += part;
        chunk = chunk.subspan(part);
        if (head_bytes_ < head_size_) return true;
        if (!begin_message(pattern)) return false;
      }
      const std::size_t part = std::min<std::size_t>(chunk.size(), left_bytes_);
      if (part != 0 && std::memcmp(chunk.data(), expected_, part) != 0) message_.intact = false;
      expected_ += part;
      left_bytes_ -= part;
      chunk = chunk.subspan(part);
      if (left_bytes_ == 0) {
        head_bytes_ = 0;
        done(message_);
      }
    }
    return true;
  }

 private:
  bool begin_message(const PayloadPattern& pattern) noexcept {
    message_ = {};
    std::memcpy(&message_.size_bytes, head_.data(), kLengthBytes);
    if (message_.size_bytes < head_size_ || message_.size_bytes > most_bytes_) return false;
    message_.header = load_message_header(head_.data() + kLengthBytes);
    expected_ = pattern.of(message_.header.flow, message_.header.sequence);
    if (head_size_ == kResponseHeadBytes) {
      std::memcpy(&message_.reflected_ns, head_.data() + kRequestHeadBytes, kReflectedBytes);
      expected_ += kReflectedBytes;
    }
    left_bytes_ = message_.size_bytes - head_size_;
    return true;
  }

  std::size_t head_size_;
  std::uint32_t most_bytes_;
  std::array<std::byte, kResponseHeadBytes> head_{};
  std::size_t head_bytes_ = 0;
  std::size_t left_bytes_ = 0;
  const std::byte* expected_ = nullptr;
  TcpMessage message_;
};

}  // namespace tunrelay
