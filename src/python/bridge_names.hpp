// SPDX-License-Identifier: MIT
// The names of reasons and counters, each with a number: the relay's thread gets numbers, and looks
// up names without a lock.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <deque>
#include <mutex>
#include <string>

namespace tunrelay::python {

class BridgeNames {
 public:
  /// Any thread. As many as the host counts separately, for some stages; then "others".
  std::uint32_t number(const char* name) {
    const std::scoped_lock lock(mutex_);
    for (std::uint32_t at = 0; at < texts_.size(); ++at)
      if (texts_[at] == name) return at;
    if (texts_.size() == kMaxNames - 1) return kMaxNames - 1;
    texts_.emplace_back(name);
    const auto at = static_cast<std::uint32_t>(texts_.size() - 1);
    names_[at].store(texts_.back().c_str(), std::memory_order_release);
    return at;
  }
  /// Any thread.
  [[nodiscard]] const char* text(std::uint32_t number) const noexcept {
    const char* name =
        number < kMaxNames ? names_[number].load(std::memory_order_acquire) : nullptr;
    return name == nullptr ? "others" : name;
  }

 private:
  static constexpr std::uint32_t kMaxNames = 256;

  std::mutex mutex_;
  std::deque<std::string> texts_;  ///< which stay where they are
  std::array<std::atomic<const char*>, kMaxNames> names_{};
};

}  // namespace tunrelay::python
