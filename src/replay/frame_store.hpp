// SPDX-License-Identifier: MIT
// Memory for the frames that stages queue, with counted references, as a worker's arena has them;
// here each is as large as its frame, and the number that a buffer has is free again at once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "base/ensure.hpp"
#include "packet/packet.hpp"
#include "packet/virtio_net_header.hpp"

namespace tunrelay {

class FrameStore {
 public:
  /// A buffer with room for BYTES of frame and the virtio-net header before it, and one reference.
  /// Nothing when all 65,536 numbers are in use.
  [[nodiscard]] std::optional<BufferId> take(std::size_t bytes) {
    if (free_.empty()) {
      if (slots_.size() > UINT16_MAX) return std::nullopt;
      free_.push_back(static_cast<BufferId>(slots_.size()));
      slots_.emplace_back();
    }
    const BufferId buffer = free_.back();
    free_.pop_back();
    slots_[buffer] = {std::make_unique<std::byte[]>(kVirtioNetHeaderBytes + bytes), 1};
    return buffer;
  }
  [[nodiscard]] std::byte* frame(BufferId buffer) noexcept {
    return slots_[buffer].memory.get() + kVirtioNetHeaderBytes;
  }
  void retain(BufferId buffer) noexcept { ++slots_[buffer].references; }
  void release(BufferId buffer) noexcept {
    Slot& slot = slots_[buffer];
    ensure(slot.references > 0, "a buffer is released once for each reference");
    if (--slot.references != 0) return;
    slot.memory.reset();
    free_.push_back(buffer);
  }

 private:
  struct Slot {
    std::unique_ptr<std::byte[]> memory;
    std::uint32_t references = 0;
  };
  std::vector<Slot> slots_;
  std::vector<BufferId> free_;
};

}  // namespace tunrelay
