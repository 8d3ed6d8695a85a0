// SPDX-License-Identifier: MIT
// The bridge between one tunnel and Python: its endpoints, and where Python waits for them.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "python/bridge.h"
#include "python/bridge_endpoint.hpp"
#include "python/bridge_names.hpp"

namespace tunrelay::python {

class StageBridge {
 public:
  /// Throws std::bad_alloc, or std::system_error where there is no descriptor.
  StageBridge(const tunrelay_bridge_calls& calls, bool is_synchronous);
  ~StageBridge();
  StageBridge(const StageBridge&) = delete;
  StageBridge& operator=(const StageBridge&) = delete;

  [[nodiscard]] const tunrelay_bridge_calls& calls() const noexcept { return calls_; }
  [[nodiscard]] bool is_synchronous() const noexcept { return is_synchronous_; }
  [[nodiscard]] BridgeNames& names() noexcept { return names_; }

  // The thread that makes and destroys endpoints.
  std::shared_ptr<BridgeEndpoint> add(const tunrelay_bridge_stage& stage,
                                      const tunrelay_host& host);
  void remove(BridgeEndpoint& endpoint);

  /// There is something to take, or to do. Any thread.
  void notify() noexcept;
  /// As tunrelay_bridge_exchange().
  int exchange(const tunrelay_bridge_reply* replies, std::size_t reply_count,
               tunrelay_bridge_chunk* const* done, std::size_t done_count, std::int64_t deadline_ns,
               tunrelay_bridge_chunk** work);

 private:
  void submit(const tunrelay_bridge_reply& given);
  void give_back(const tunrelay_bridge_chunk& chunk);
  [[nodiscard]] int collect(tunrelay_bridge_chunk** work);
  void wait(std::int64_t deadline_ns) noexcept;
  [[nodiscard]] std::shared_ptr<BridgeEndpoint> find(std::uint32_t number);

  const tunrelay_bridge_calls calls_;
  const bool is_synchronous_;
  BridgeNames names_;
  int bell_ = -1;  ///< an eventfd
  std::atomic<bool> rung_ = false;

  std::mutex mutex_;  ///< of the two below
  std::map<std::uint32_t, std::shared_ptr<BridgeEndpoint>> endpoints_;
  std::uint32_t last_number_ = 0;
};

}  // namespace tunrelay::python

/// What the boundary's handle is.
struct tunrelay_bridge : tunrelay::python::StageBridge {  // NOLINT(readability-identifier-naming)
  using StageBridge::StageBridge;
};
