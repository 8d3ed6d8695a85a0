// SPDX-License-Identifier: MIT
// The stages that a user has brought, in use: loads their libraries, makes the endpoints of every
// queue, and says what they have done.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "plugin/endpoint_counters.hpp"
#include "plugin/stage_library.hpp"
#include "plugin/user_endpoint.hpp"
#include "stage/stage_spec.hpp"

namespace tunrelay {

struct UserStageReport {
  std::string name;
  std::string library;
  std::array<EndpointCounts, 2> ends;  ///< beside a, beside b; over all queues
};

/// Of one direction, in the order in which packets meet them. Each makes the stage of a lane once.
struct UserStageSpecs {
  std::vector<StageSpec> before_link;
  std::vector<StageSpec> after_link;
};

/// Used by one thread. Must outlive all stages that its factories have made.
class UserStages {
 public:
  /// Loads the libraries: throws a usage Error for the first that does not do. The first stage is
  /// next to the devices, the last next to the link.
  explicit UserStages(const std::vector<StageRequest>& requests);
  ~UserStages();
  UserStages(const UserStages&) = delete;
  UserStages& operator=(const UserStages&) = delete;

  [[nodiscard]] bool empty() const noexcept { return libraries_.empty(); }
  /// The name of a stage that must be the only pair, so that there can be one queue; or empty.
  [[nodiscard]] std::string wants_one_queue() const;

  /// The name of a stage that does not declare that it makes no system calls; or empty.
  [[nodiscard]] std::string makes_system_calls() const;

  /// Before the first make().
  void stand_at(LinkType link_type, std::size_t queues, std::uint32_t mtu_bytes);
  void change_mtu(std::uint32_t mtu_bytes) noexcept;
  /// Makes endpoints for all queues: throws a usage Error with the message of the stage that could
  /// not be made. [0]: a to b, [1]: b to a. Each call begins with new endpoints.
  [[nodiscard]] std::array<UserStageSpecs, kDirections> make();
  /// How endpoints of that queue are woken by other threads from now on; null: not at all.
  void change_waker(EndpointWaker::Wake wake) { surroundings_.waker.change(std::move(wake)); }
  /// Packets count from now on: before, all pass the stages by.
  void begin() noexcept;
  /// The same for those read at BEGUN_NS or later.
  void begin_at(std::int64_t begun_ns) noexcept { surroundings_.begun_ns = begun_ns; }
  [[nodiscard]] std::vector<UserStageReport> reports() const;

 private:
  std::vector<std::unique_ptr<StageLibrary>> libraries_;
  StageSurroundings surroundings_;
  /// By stage, queue and end; kept when endpoints are made again.
  std::vector<std::vector<std::array<EndpointCounters, 2>>> counters_;
};

}  // namespace tunrelay
