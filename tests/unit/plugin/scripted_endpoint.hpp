// SPDX-License-Identifier: MIT
// A user's endpoint that does what a test says, and the host's side of it with every buffer and
// every tally accounted for.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <vector>

#include <tunrelay/stage.hpp>

#include "plugin/user_endpoint.hpp"
#include "stage/forwarding_output.hpp"
#include "support/owned_packet.hpp"
#include "support/stage_record.hpp"

namespace tunrelay::test {

inline constexpr auto kToLink = EndpointWay::kToLink;
inline constexpr auto kToDevice = EndpointWay::kToDevice;

/// Does what the test says, and shows what it was given.
class Scripted : public plugin::Endpoint {
 public:
  using Action = std::function<void(Scripted&, std::span<plugin::Frame>)>;

  explicit Scripted(const plugin::Setup& setup) : Endpoint(setup) {
    if (setup.options.text("fault") == "yes") throw std::runtime_error("fault=yes: as you wish");
    newest = this;
  }
  void from_device(std::span<plugin::Frame> frames, std::int64_t /*now_ns*/) override {
    take(frames);
  }
  void from_link(std::span<plugin::Frame> frames, std::int64_t /*now_ns*/) override {
    take(frames);
  }
  [[nodiscard]] std::int64_t next_deadline_ns() const override { return deadline_ns; }
  void at_deadline(std::int64_t /*now_ns*/) override {
    deadline_ns = plugin::kNever;
    action(*this, {});
  }
  using Endpoint::count;
  using Endpoint::send_to_device;
  using Endpoint::send_to_link;
  using Endpoint::site;
  using Endpoint::wake;

  static inline Scripted* newest = nullptr;
  Action action = [](Scripted&, std::span<plugin::Frame> frames) { pass_all(frames); };
  std::vector<Bytes> seen;
  std::vector<std::uint32_t> seen_segments;
  std::vector<std::size_t> seen_payload_bytes;
  std::vector<plugin::Frame> kept;
  std::int64_t deadline_ns = plugin::kNever;

 private:
  void take(std::span<plugin::Frame> frames) {
    for (const plugin::Frame& frame : frames) {
      seen.emplace_back(frame.bytes().begin(), frame.bytes().end());
      seen.back().insert(seen.back().end(), frame.payload().begin(), frame.payload().end());
      seen_payload_bytes.push_back(frame.payload().size());
      seen_segments.push_back(frame.segments());
    }
    action(*this, frames);
  }
};

/// The packets that were passed, beside the record of them.
class PassedPackets final : public ForwardingOutput {
 public:
  using ForwardingOutput::ForwardingOutput;
  void pass(const Packet& packet) noexcept override {
    packets.push_back(packet);
    ForwardingOutput::pass(packet);
  }
  std::vector<Packet> packets;
};

class UserEndpointTest : public ::testing::Test {
 protected:
  UserEndpointTest() {
    around_.mtu_bytes = 1500;
    around_.begun_ns = 0;
  }
  /// What leads to the device is checked, what leads to the link is opaque for a changing stage.
  Scripted& make(plugin::Access access) {
    const bool changes = access == plugin::Access::kChangesWireSegments;
    descriptor_ = plugin::describe<Scripted>("scripted", access, plugin::Pairs::kEachQueue);
    library_ = std::make_unique<StageLibrary>(StageRequest{"scripted", {}, &descriptor_});
    endpoint_ = std::make_unique<UserEndpoint>(
        *library_, EndpointPlace{.is_opaque = {changes, false}}, around_, counters_);
    return *Scripted::newest;
  }
  void give(EndpointWay way, const Packet& packet) {
    record_.own(packet);
    endpoint_->process(way, {&packet, 1}, 1'000, output_);
  }
  [[nodiscard]] EndpointCounts counts() const {
    EndpointCounts sums;
    counters_.add_to(sums);
    return sums;
  }
  /// Nothing is left behind, and what came and was made went somewhere.
  void expect_accounted(const Tally& given) {
    EXPECT_EQ(record_.references(), 0);
    EXPECT_EQ(given + record_.made_tally, record_.passed_tally + record_.dropped_tally);
    EXPECT_EQ(endpoint_->queued(kToLink) + endpoint_->queued(kToDevice), Tally{});
  }

  StageSurroundings around_;
  EndpointCounters counters_;
  tunrelay_stage_descriptor descriptor_{};
  std::unique_ptr<StageLibrary> library_;
  std::unique_ptr<UserEndpoint> endpoint_;
  StageRecord record_;
  PassedPackets output_{record_};
};

inline PacketSpec super_packet_spec() {
  PacketSpec spec;
  spec.payload = counting_bytes(5 * 1000 + 300);
  spec.gso_size = 1000;
  return spec;
}

inline OwnedPacket parsed(const Frame& frame) {
  OwnedPacket owned(frame, {LinkType::kIp, 1500});
  EXPECT_EQ(owned.fault, std::nullopt);
  return owned;
}

}  // namespace tunrelay::test
