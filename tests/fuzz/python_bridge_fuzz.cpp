// SPDX-License-Identifier: MIT
// The bridge under a Python that answers anything: decisions on frames that it has, had and never
// had, of any kind, with bytes of any length; chunks that come back late or never. Each frame is
// answered for once at most.
// Input: access (1 byte), then turns: which (1 byte) and what it needs.
// Covers: python/bridge_endpoint.cpp python/stage_bridge.cpp
#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <span>
#include <vector>

#include "python/bridge.h"

namespace {

void require(bool condition) {
  if (!condition) std::abort();
}

struct Frame {
  explicit Frame(std::uint32_t length) : bytes(length) {}
  std::vector<std::uint8_t> bytes;
  tunrelay_frame frame{};
  bool is_answered = false;
};

/// The relay's side: each frame that it gave is answered for once.
class Relay {
 public:
  Relay() {
    host.context = this;
    host.pass = [](void* self, tunrelay_frame* frame) { of(self).answer(frame); };
    host.drop = [](void* self, tunrelay_frame* frame, const char* reason) {
      require(std::strlen(reason) < 1000);
      of(self).answer(frame);
    };
    host.finish = [](void* self, tunrelay_frame* frame) { of(self).answer(frame); };
    host.send = [](void* self, std::uint32_t, const std::uint8_t* bytes, std::uint32_t length) {
      for (std::uint32_t at = 0; at < length; ++at) of(self).sum = of(self).sum + bytes[at];
      return 1;
    };
    host.count = [](void*, const char* name, std::uint64_t) { require(name != nullptr); };
    host.wake = [](void*) {};
  }
  tunrelay_frame* make(std::uint32_t length, bool may_write) {
    frames.push_back(std::make_unique<Frame>(length));
    Frame& made = *frames.back();
    made.frame.bytes = made.bytes.data();
    made.frame.length = length;
    made.frame.capacity = may_write ? length : 0;
    made.frame.segments = 1;
    return &made.frame;
  }

  tunrelay_host host{};
  std::vector<std::unique_ptr<Frame>> frames;
  unsigned sum = 0;

 private:
  static Relay& of(void* self) { return *static_cast<Relay*>(self); }
  void answer(tunrelay_frame* frame) {
    for (const auto& one : frames)
      if (&one->frame == frame) {
        require(!one->is_answered);
        require(frame->length <= one->bytes.size());
        one->is_answered = true;
        return;
      }
    std::abort();
  }
};

class Input {
 public:
  explicit Input(std::span<const std::uint8_t> bytes) : bytes_(bytes) {}
  [[nodiscard]] bool empty() const { return bytes_.empty(); }
  std::uint8_t byte() {
    if (bytes_.empty()) return 0;
    const std::uint8_t first = bytes_.front();
    bytes_ = bytes_.subspan(1);
    return first;
  }

 private:
  std::span<const std::uint8_t> bytes_;
};

/// Python: takes chunks, looks at all of them, and answers as the input says.
void exchange(tunrelay_bridge* bridge, Input& input, std::vector<tunrelay_bridge_chunk*>& chunks,
              unsigned& sum) {
  std::vector<std::uint64_t> decisions(input.byte() % 8U);
  for (std::uint64_t& decision : decisions) {
    const std::uint64_t code = input.byte() % 8U;
    const std::uint64_t which = input.byte();
    decision =
        code | (which == 255 ? 0x1fffffffU : which) << 3U | std::uint64_t{input.byte()} << 32U;
  }
  for (tunrelay_bridge_chunk* chunk : chunks)
    for (std::uint32_t at = 0; at < chunk->count && decisions.size() < 600; ++at)
      if (input.byte() % 2 == 1) decisions.push_back(chunk->decisions[at] | input.byte() % 8U);
  std::array<std::uint8_t, 64> bytes{};
  std::array<std::uint32_t, 3> ends{};
  for (std::uint32_t& end : ends) end = input.byte() % 65U;
  std::sort(ends.begin(), ends.end());
  const tunrelay_bridge_reply reply{.endpoint = input.byte() == 7 ? 2U : 1U,
                                    .decisions = decisions.data(),
                                    .decision_count = decisions.size(),
                                    .bytes = bytes.data(),
                                    .ends = ends.data(),
                                    .bytes_count = input.byte() % 4U,
                                    .deadline_ns = TUNRELAY_NEVER};
  std::vector<tunrelay_bridge_chunk*> done;
  if (input.byte() % 4 != 0) done.swap(chunks);
  std::array<tunrelay_bridge_chunk*, TUNRELAY_BRIDGE_MOST_WORK> work{};
  const int count =
      tunrelay_bridge_exchange(bridge, &reply, 1, done.data(), done.size(), 0, work.data());
  for (int at = 0; at < count; ++at) {
    tunrelay_bridge_chunk* chunk = work.at(static_cast<std::size_t>(at));
    for (std::uint32_t record = 0; record < chunk->count; ++record)
      for (std::uint32_t byte = 0; byte < chunk->records[record].length; ++byte)
        sum += chunk->bytes[chunk->records[record].offset + byte];
    chunks.push_back(chunk);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 3) return 0;
  Input input({data, std::min<std::size_t>(size, 2000)});
  Relay relay;
  tunrelay_bridge_calls calls{};
  calls.create = [](void*, std::uint32_t, std::uint32_t, const tunrelay_site*,
                    const tunrelay_option*, std::size_t, char*, std::size_t) { return 0; };
  calls.destroy = [](void*, std::uint32_t) {};
  calls.turn = [](void*, std::uint32_t, std::int64_t) {};
  const std::uint8_t form = input.byte();
  tunrelay_bridge* bridge = tunrelay_bridge_new(&calls, (form & 8) != 0 ? 1 : 0);
  require(bridge != nullptr);
  tunrelay_bridge_stage stage{};
  stage.bridge = bridge;
  stage.takes_from_device = 1;
  stage.takes_from_link = (form & 4) != 0 ? 1 : 0;
  stage.most_waiting = 8U + input.byte();
  stage.snap_bytes = (form & 16) != 0 ? 20 : UINT32_MAX;
  stage.descriptor.access = form % 4;
  tunrelay_bridge_describe(&stage);
  tunrelay_site site{};
  site.context = &stage;
  std::array<char, 64> error{};
  void* endpoint = stage.descriptor.create(&relay.host, &site, nullptr, 0, error.data(), 64);
  require(endpoint != nullptr);
  std::vector<tunrelay_bridge_chunk*> chunks;
  while (!input.empty()) {
    switch (input.byte() % 5) {
      case 0:
      case 1: {
        std::vector<tunrelay_frame*> given(input.byte() % 8U + 1);
        const bool may_write = stage.descriptor.access == TUNRELAY_CHANGES_WIRE_SEGMENTS;
        for (tunrelay_frame*& frame : given) {
          const std::uint32_t length = input.byte();
          frame = relay.make(length == 255 ? 70'000U : length, may_write);
        }
        (input.byte() % 2 == 0 ? stage.descriptor.from_device : stage.descriptor.from_link)(
            endpoint, given.data(), given.size(), 0);
        break;
      }
      case 2:
        stage.descriptor.at_deadline(endpoint, 0);
        break;
      case 3: {
        const std::array<char, 2> name{static_cast<char>(input.byte()), '\0'};
        static_cast<void>(tunrelay_bridge_name(bridge, name.data()));
        break;
      }
      default:
        exchange(bridge, input, chunks, relay.sum);
    }
  }
  stage.descriptor.destroy(endpoint);
  // Only then may chunks come back, after the endpoint that they are of.
  std::array<tunrelay_bridge_chunk*, TUNRELAY_BRIDGE_MOST_WORK> work{};
  tunrelay_bridge_exchange(bridge, nullptr, 0, chunks.data(), chunks.size(), 0, work.data());
  tunrelay_bridge_free(bridge);
  return 0;
}
