// SPDX-License-Identifier: MIT
// The bridge between a relay's thread and Python, both played by the test: what is shown, in which
// order decisions are carried out, and that neither waits for the other.
#include "python/bridge.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstring>
#include <limits>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "python/stage_bridge.hpp"
#include "support/random.hpp"

namespace tunrelay::test {
namespace {

std::uint64_t decision(std::uint64_t code, std::uint64_t which, std::uint64_t value = 0) {
  return code | which << 3U | value << 32U;
}

/// The relay: a host that writes down what it is asked to do.
struct Host {
  Host() {
    host.context = this;
    host.pass = [](void* self, tunrelay_frame* frame) { of(self).passed.push_back(frame); };
    host.drop = [](void* self, tunrelay_frame*, const char* reason) { ++of(self).drops[reason]; };
    host.finish = [](void* self, tunrelay_frame*) { ++of(self).finished; };
    host.send = [](void* self, std::uint32_t towards, const std::uint8_t* bytes,
                   std::uint32_t length) {
      of(self).sent.emplace_back(towards == TUNRELAY_TO_LINK ? "link " : "device ");
      of(self).sent.back().append(reinterpret_cast<const char*>(bytes), length);
      return 1;
    };
    host.count = [](void* self, const char* name, std::uint64_t amount) {
      of(self).counts[name] += amount;
    };
    host.wake = [](void* self) { of(self).woken = true; };
  }
  static Host& of(void* self) { return *static_cast<Host*>(self); }

  tunrelay_host host{};
  std::vector<tunrelay_frame*> passed;
  std::vector<std::string> sent;
  std::map<std::string, std::uint64_t> drops;
  std::map<std::string, std::uint64_t> counts;
  int finished = 0;
  std::atomic<bool> woken = false;
};

class BridgeTest : public ::testing::Test {
 protected:
  ~BridgeTest() override { close(); }

  void close() {
    if (endpoint_ != nullptr) stage_.descriptor.destroy(endpoint_);
    tunrelay_bridge_free(bridge_);
    endpoint_ = nullptr;
    bridge_ = nullptr;
  }

  void open(std::uint32_t access, std::uint32_t most_waiting = 4096) {
    calls_.create = [](void*, std::uint32_t, std::uint32_t, const tunrelay_site*,
                       const tunrelay_option*, std::size_t, char*, std::size_t) { return 0; };
    calls_.destroy = [](void*, std::uint32_t) {};
    bridge_ = tunrelay_bridge_new(&calls_, 0);
    stage_.bridge = bridge_;
    stage_.takes_from_device = 1;
    stage_.most_waiting = most_waiting;
    stage_.snap_bytes = std::numeric_limits<std::uint32_t>::max();
    stage_.descriptor.access = access;
    tunrelay_bridge_describe(&stage_);
    tunrelay_site site{};
    site.context = &stage_;
    std::array<char, 64> error{};
    endpoint_ = stage_.descriptor.create(&host_.host, &site, nullptr, 0, error.data(), 64);
  }
  /// Frames of the device's, in one call, each of which begins with its number.
  void give(std::size_t count, std::uint32_t length = 64) {
    std::vector<tunrelay_frame*> given;
    while (count-- != 0) {
      memory_.emplace_back(length);
      std::memcpy(memory_.back().data(), &given_, sizeof given_);
      frames_.push_back(std::make_unique<tunrelay_frame>());
      frames_.back()->bytes = memory_.back().data();
      frames_.back()->length = length;
      frames_.back()->capacity =
          stage_.descriptor.access == TUNRELAY_CHANGES_WIRE_SEGMENTS ? length : 0;
      frames_.back()->id = given_++;
      given.push_back(frames_.back().get());
    }
    stage_.descriptor.from_device(endpoint_, given.data(), given.size(), 0);
  }
  void turn() {
    host_.woken = false;
    stage_.descriptor.at_deadline(endpoint_, 0);
  }
  std::vector<tunrelay_bridge_chunk*> exchange(const std::vector<std::uint64_t>& decisions = {},
                                               std::vector<tunrelay_bridge_chunk*> done = {},
                                               const std::string& bytes = "",
                                               std::int64_t deadline_ns = 0) {
    const auto end = static_cast<std::uint32_t>(bytes.size());
    const tunrelay_bridge_reply reply{1,
                                      decisions.data(),
                                      decisions.size(),
                                      reinterpret_cast<const std::uint8_t*>(bytes.data()),
                                      &end,
                                      bytes.empty() ? 0U : 1U,
                                      TUNRELAY_NEVER};
    std::array<tunrelay_bridge_chunk*, TUNRELAY_BRIDGE_MOST_WORK> work{};
    const int count = tunrelay_bridge_exchange(bridge_, &reply, decisions.empty() ? 0 : 1,
                                               done.data(), done.size(), deadline_ns, work.data());
    return {work.begin(), work.begin() + count};
  }

  Host host_;
  tunrelay_bridge_calls calls_{};
  tunrelay_bridge_stage stage_{};
  tunrelay_bridge* bridge_ = nullptr;
  void* endpoint_ = nullptr;
  std::uint64_t given_ = 0;
  std::vector<std::vector<std::uint8_t>> memory_;
  std::vector<std::unique_ptr<tunrelay_frame>> frames_;
};

TEST_F(BridgeTest, DecisionsAreCarriedOutInTheirOrder) {
  open(TUNRELAY_CHANGES_WIRE_SEGMENTS);
  give(1);
  give(2);
  const auto work = exchange();
  ASSERT_EQ(work.size(), 1U) << "the first frame, at once";
  EXPECT_EQ(work[0]->count, 1U);
  turn();
  const auto more = exchange();
  ASSERT_EQ(more.size(), 1U) << "the others together";
  ASSERT_EQ(more[0]->count, 2U);
  more[0]->bytes[more[0]->records[1].offset] = 0xab;
  const std::uint32_t reason = tunrelay_bridge_name(bridge_, "not today");
  exchange({decision(TUNRELAY_BRIDGE_SEND, TUNRELAY_TO_DEVICE),
            work[0]->decisions[0] | TUNRELAY_BRIDGE_DROP | std::uint64_t{reason} << 32U,
            more[0]->decisions[1], more[0]->decisions[0] | TUNRELAY_BRIDGE_FINISH,
            decision(TUNRELAY_BRIDGE_COUNT, tunrelay_bridge_name(bridge_, "mine"), 7),
            more[0]->decisions[1]},
           {work[0], more[0]}, "answer");
  EXPECT_TRUE(host_.woken);
  EXPECT_TRUE(host_.passed.empty()) << "nothing but in the relay's own thread";
  turn();
  EXPECT_EQ(host_.sent, std::vector<std::string>{"device answer"});
  EXPECT_EQ(host_.drops, (std::map<std::string, std::uint64_t>{{"not today", 1}}));
  EXPECT_EQ(host_.passed, std::vector<tunrelay_frame*>{frames_[2].get()}) << "once alone";
  EXPECT_EQ(frames_[2]->bytes[0], 0xab) << "as Python has written it";
  EXPECT_EQ(host_.finished, 1);
  EXPECT_EQ(host_.counts.at("mine"), 7U);
}

TEST_F(BridgeTest, WhatPythonCanNotKeepUpWithIsDropped) {
  open(TUNRELAY_LOOKS_AT_WIRE_SEGMENTS, 100);
  give(150);
  EXPECT_EQ(host_.drops.at("Python too slow"), 50U);
  close();
  open(TUNRELAY_LOOKS_AT_WIRE_SEGMENTS);
  host_.drops.clear();
  give(1000, 60'000);  // four to a chunk
  EXPECT_EQ(host_.drops.at("Python too slow"), 1000U - 64 * 4);
}

TEST_F(BridgeTest, AFullChunkIsAnnouncedThoughTheNextIsOpen) {
  open(TUNRELAY_LOOKS_AT_SUPER_PACKETS);
  std::atomic<std::size_t> frames = 0;
  std::thread python([&] {
    while (frames < 9) {
      const auto work = exchange({}, {}, "", TUNRELAY_NEVER - 1);  // until it is woken
      for (const tunrelay_bridge_chunk* chunk : work) frames += chunk->count;
    }
  });
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  give(9, 60'000);
  for (int tries = 0; frames < 9 && tries < 2000; ++tries) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    if (host_.woken) turn();
  }
  EXPECT_EQ(frames, 9U) << "without any further frame";
  frames = 9;
  tunrelay_bridge_interrupt(bridge_);
  python.join();
}

TEST_F(BridgeTest, TwoThreadsAtFullSpeedAnswerForEachFrameOnce) {
  open(TUNRELAY_CHANGES_WIRE_SEGMENTS, 1000);
  SeededRandom random;
  constexpr std::size_t kFrames = 100'000;
  std::atomic<bool> done = false;
  std::uint64_t wrong = 0;
  std::thread python([&] {
    std::vector<tunrelay_bridge_chunk*> finished;
    std::vector<std::uint64_t> decisions;
    while (!done) {
      const auto work = exchange(decisions, finished);
      decisions.clear();
      finished.clear();
      for (tunrelay_bridge_chunk* chunk : work) {
        for (std::uint32_t at = 0; at < chunk->count; ++at) {
          std::uint64_t number = 0;
          std::memcpy(&number, chunk->bytes + chunk->records[at].offset, sizeof number);
          if (number != chunk->records[at].id) ++wrong;
          decisions.push_back(chunk->decisions[at]);
        }
        finished.push_back(chunk);
      }
      if (random.chance(0.02)) std::this_thread::yield();
    }
  });
  std::uint64_t answered = 0;
  for (std::size_t frames = 0; frames < kFrames; frames += 8) {
    give(8);
    if (host_.woken) turn();
    // Passed frames have gone out: their memory is another's then.
    for (tunrelay_frame* frame : host_.passed) std::fill_n(frame->bytes, 8, std::uint8_t{0xff});
    answered += host_.passed.size();
    host_.passed.clear();
  }
  const auto dropped = [&] { return host_.drops["Python too slow"]; };
  for (int tries = 0; answered + dropped() < kFrames && tries < 5000; ++tries) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    turn();
    answered += host_.passed.size();
    host_.passed.clear();
  }
  done = true;
  python.join();
  EXPECT_EQ(answered + dropped(), kFrames);
  EXPECT_GT(answered, 1000U);
  EXPECT_EQ(wrong, 0U);
}

}  // namespace
}  // namespace tunrelay::test
