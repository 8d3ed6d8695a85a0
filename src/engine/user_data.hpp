// SPDX-License-Identifier: MIT
// What a submission and its completions speak of, in 64 bits: a subject above, an index below.
#pragma once

#include <cstdint>

namespace tunrelay {

enum class Subject : std::uint32_t { kRead, kReady, kWrite, kWake };

[[nodiscard]] constexpr std::uint64_t user_data(Subject subject, std::uint32_t index) noexcept {
  return static_cast<std::uint64_t>(subject) << 32 | index;
}
[[nodiscard]] constexpr Subject subject_of(std::uint64_t user_data) noexcept {
  return static_cast<Subject>(user_data >> 32);
}
[[nodiscard]] constexpr std::uint32_t index_of(std::uint64_t user_data) noexcept {
  return static_cast<std::uint32_t>(user_data);
}

}  // namespace tunrelay
