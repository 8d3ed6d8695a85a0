// SPDX-License-Identifier: MIT
// The payload of a path probe: the one packet whose crossing proves the path. The path
// check sends it, the relay recognises it on the way, and both compare the number. Whoever shows
// packets to people names it, so that nobody wonders where it comes from.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>

namespace tunrelay {

/// Magic (8 bytes) and nonce (8 bytes), twice: 32 bytes of UDP payload.
inline constexpr std::size_t kPathProbeBytes = 32;
inline constexpr std::uint64_t kPathProbeMagic = 0x74756e72656c6179;  // "tunrelay"

inline constexpr const char* kPathProbeName = "tunrelay path probe";

inline std::array<std::byte, kPathProbeBytes> make_path_probe(std::uint64_t nonce) noexcept {
  const std::array<std::uint64_t, 4> words{kPathProbeMagic, nonce, ~nonce, kPathProbeMagic};
  std::array<std::byte, kPathProbeBytes> payload{};
  std::memcpy(payload.data(), words.data(), payload.size());
  return payload;
}

/// The nonce of PAYLOAD, when it is a path probe.
inline std::optional<std::uint64_t> read_path_probe(std::span<const std::byte> payload) noexcept {
  if (payload.size() != kPathProbeBytes) return std::nullopt;
  std::array<std::uint64_t, 4> words{};
  std::memcpy(words.data(), payload.data(), payload.size());
  if (words[0] != kPathProbeMagic || words[3] != kPathProbeMagic || words[2] != ~words[1])
    return std::nullopt;
  return words[1];
}

[[nodiscard]] inline bool is_path_probe(std::span<const std::byte> payload) noexcept {
  return read_path_probe(payload).has_value();
}

}  // namespace tunrelay
