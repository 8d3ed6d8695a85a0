// SPDX-License-Identifier: MIT
// A user's endpoint that calls the host in any order, with frames that it has, had and never had,
// sizes and directions of any kind: nothing is lost, given back twice or touched when it is gone.
// Input: access and link type (1 byte), then turns, 3 bytes each: which (a packet to the link or to
// the device, a deadline), its packet, how many calls; then as many calls, 3 bytes each.
// Covers: plugin/user_endpoint.cpp plugin/frame_table.hpp plugin/frame_flow.cpp
#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "plugin/user_endpoint.hpp"
#include "support/owned_packet.hpp"
#include "support/random_packet.hpp"

using namespace tunrelay;
using namespace tunrelay::test;

namespace {

void require(bool condition) {
  if (!condition) std::abort();
}

/// Counts the references to each buffer, as the arena does.
class Output final : public StageOutput {
 public:
  void own(const Packet& packet) {
    ++references_[packet.buffer];
    balance_ += tally_of(packet);
  }
  void pass(const Packet& packet) noexcept override { release(packet); }
  void drop(const Packet& packet, DropReason /*reason*/) noexcept override { release(packet); }
  void share(const Packet& packet) noexcept override { require(references_[packet.buffer]++ > 0); }
  void copy(const Packet& packet) noexcept override {
    share(packet);
    balance_ += tally_of(packet);
  }
  [[nodiscard]] std::optional<FrameBuffer> take_buffer(const Packet& packet) noexcept override {
    constexpr std::size_t kMax = 40;
    constexpr std::size_t kBytes = 70'000;
    if (memory_.size() == kMax) return std::nullopt;
    memory_.push_back(std::make_unique<std::byte[]>(kBytes));
    return FrameBuffer{static_cast<BufferId>(0xffff - memory_.size()), packet.queue,
                       memory_.back().get() + kVirtioNetHeaderBytes};
  }
  void commit(const Packet& packet) noexcept override {
    require(references_[packet.buffer]++ == 0);
    balance_ += tally_of(packet);
  }
  void consume(const Packet& packet) noexcept override {
    require(references_[packet.buffer]-- > 0);
    balance_ -= tally_of(packet);
  }
  /// What came and has not left.
  [[nodiscard]] const Tally& balance() const noexcept { return balance_; }

 private:
  void release(const Packet& packet) noexcept {
    require(packet.run.first < packet.run.last);
    require(references_[packet.buffer]-- > 0);
    balance_ -= tally_of(packet);
  }

  std::map<BufferId, int> references_;
  std::vector<std::unique_ptr<std::byte[]>> memory_;
  Tally balance_;
};

/// The user's side: carries out the calls of the turn.
struct User {
  const tunrelay_host* host = nullptr;
  std::span<const std::uint8_t> calls;
  std::vector<tunrelay_frame*> frames;  ///< all that were ever given
  std::int64_t deadline_ns = TUNRELAY_NEVER;
  bool may_write = false;

  void call(std::uint8_t code, std::uint8_t which, std::uint8_t value) {
    static constexpr std::array<const char*, 4> kNames{"one", "two", "", "a long name of a reason"};
    static std::array<std::uint8_t, 70'000> bytes{0x45, 0, 0, 20, 0, 0, 0, 0, 64, 6};
    tunrelay_frame* frame = frames.empty() ? nullptr : frames[which % frames.size()];
    switch (code % 9) {
      case 0:
      case 1:
        return host->pass(host->context, frame);
      case 2:
        return host->drop(host->context, frame, kNames.at(value % kNames.size()));
      case 3:
        return host->finish(host->context, frame);
      case 4:
        host->send(host->context, which % 3U, bytes.data(), value * (which >= 128 ? 270U : 1U));
        return;
      case 5:
        return host->count(host->context, kNames.at(value % kNames.size()), which);
      case 6:
        return host->wake(host->context);
      case 7:
        deadline_ns = value < 128 ? value : TUNRELAY_NEVER;
        return;
      default:
        write(frame, which, value);
    }
  }
  void take(tunrelay_frame* const* given, std::size_t count) {
    for (std::size_t at = 0; at < count; ++at) {
      require(given[at]->length == 0 || given[at]->bytes != nullptr);
      if (std::find(frames.begin(), frames.end(), given[at]) == frames.end())
        frames.push_back(given[at]);
      held.push_back(given[at]);
    }
    play();
  }
  void play() {
    for (; calls.size() >= 3; calls = calls.subspan(3)) call(calls[0], calls[1], calls[2]);
  }

  std::vector<tunrelay_frame*> held;

 private:
  /// As a stage may, within what it was given; only frames of the last call are surely its own.
  void write(tunrelay_frame* frame, std::uint8_t which, std::uint8_t value) const {
    if (!may_write || held.empty()) return;
    frame = held[which % held.size()];
    if (frame->capacity == 0) return;
    frame->bytes[value % frame->capacity] = which;
    frame->length = value % 3 == 0 ? frame->capacity + 1U : value % frame->capacity;
  }
};

User user;

/// KIND: the first byte of an input.
tunrelay_stage_descriptor describe(std::uint32_t access, std::uint8_t kind) {
  tunrelay_stage_descriptor stage{};
  stage.magic = TUNRELAY_STAGE_MAGIC;
  stage.abi_version = TUNRELAY_STAGE_ABI_VERSION;
  stage.access = access;
  stage.name = "fuzz";
  stage.create = [](const tunrelay_host* host, const tunrelay_site*, const tunrelay_option*,
                    std::size_t, char*, std::size_t) -> void* {
    user.host = host;
    return &user;
  };
  stage.destroy = [](void*) {};
  stage.from_device = [](void*, tunrelay_frame* const* frames, std::size_t count, std::int64_t) {
    user.take(frames, count);
  };
  stage.from_link = stage.from_device;
  if ((kind & 8) != 0) stage.from_link = nullptr;
  if ((kind & 16) != 0) stage.from_device = nullptr;
  stage.next_deadline_ns = [](void*) { return user.deadline_ns; };
  stage.at_deadline = [](void*, std::int64_t) {
    user.deadline_ns = TUNRELAY_NEVER;
    user.play();
  };
  return stage;
}

/// Some packets that the parser accepts, of every form.
const std::vector<Frame>& samples(LinkType type) {
  static const std::array<std::vector<Frame>, 2> kSamples = [] {
    std::array<std::vector<Frame>, 2> made;
    for (const LinkType each : {LinkType::kIp, LinkType::kEthernet})
      for (std::uint64_t seed = 0; made.at(each == LinkType::kEthernet).size() < 16; ++seed) {
        SeededRandom random(seed);
        PacketSpec spec = random_spec(random, seed % 2 == 0);
        spec.link_type = each;
        spec.payload.resize(std::min<std::size_t>(spec.payload.size(), 4000));
        const Frame frame = build_frame(spec);
        if (!OwnedPacket{frame, {each, kAnyMtu}}.fault)
          made.at(each == LinkType::kEthernet).push_back(frame);
      }
    return made;
  }();
  return kSamples.at(type == LinkType::kEthernet);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  const std::uint32_t access = data[0] % 4;
  const LinkType type = (data[0] & 4) == 0 ? LinkType::kIp : LinkType::kEthernet;
  std::span<const std::uint8_t> rest{data + 1, std::min<std::size_t>(size - 1, 600)};
  user = {};
  user.may_write = access == TUNRELAY_CHANGES_WIRE_SEGMENTS;
  Output output;
  {
    const tunrelay_stage_descriptor stage = describe(access, data[0]);
    const StageLibrary library(StageRequest{"fuzz", {}, &stage});
    StageSurroundings around;
    around.link_type = type;
    around.mtu_bytes = kAnyMtu;
    around.begun_ns = 0;
    EndpointCounters counters;
    std::vector<OwnedPacket> packets;  // as long as the endpoint may hold them
    packets.reserve(rest.size());
    // Room for a few alone, so that it runs out.
    const EndpointLimits limits{.frames_in_hand = (data[0] & 32) != 0 ? 24U : 512U,
                                .waiting_frames = 8,
                                .waiting_bytes = 100'000};
    UserEndpoint endpoint(library, {.is_opaque = {user.may_write, false}}, around, counters,
                          limits);
    std::int64_t now_ns = 1;
    while (rest.size() >= 3) {
      const auto way = (rest[0] & 1) == 0 ? EndpointWay::kToLink : EndpointWay::kToDevice;
      const bool is_deadline = (rest[0] & 2) != 0;
      const std::size_t calls = std::min<std::size_t>(3U * (rest[2] % 16), rest.size() - 3);
      user.calls = rest.subspan(3, calls);
      user.held.clear();
      if (is_deadline) {
        endpoint.release(way, now_ns, output);
      } else {
        const auto& frames = samples(type);
        OwnedPacket& owned =
            packets.emplace_back(frames[rest[1] % frames.size()], LinkLimits{type, kAnyMtu});
        owned.packet.buffer = static_cast<BufferId>(packets.size());
        output.own(owned.packet);
        endpoint.process(way, {&owned.packet, 1}, now_ns, output);
      }
      now_ns += 50;
      rest = rest.subspan(3 + calls);
      require(output.balance() ==
              endpoint.queued(EndpointWay::kToLink) + endpoint.queued(EndpointWay::kToDevice));
    }
  }
  return 0;
}
