// SPDX-License-Identifier: MIT
// A tunnel's side of the socket to its janitor and helper (route/helper/janitor.hpp): asks, and
// waits for the answer. Who was killed meanwhile is followed by another, which is asked again: all
// that can be asked for may be done twice.
#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "os/file_descriptor.hpp"
#include "route/apply/plan_keeper.hpp"
#include "route/helper/helper_protocol.hpp"

namespace tunrelay {

/// May be used by several threads at once: each request waits for those before it.
class HelperLink final : public PlanKeeper {
 public:
  /// SOCKET: one end of a pair, of which nobody else here has the other.
  explicit HelperLink(FileDescriptor socket) : socket_(std::move(socket)) {}

  void hand_over(const Plan& plan, const Journal* journal) override;
  [[nodiscard]] std::vector<int> repair(std::span<const std::size_t> steps) override;
  [[nodiscard]] int follow_names() override;
  [[nodiscard]] std::vector<LeftStep> undo() override;
  [[nodiscard]] FileDescriptor open_socket(std::uint8_t end, const std::string& netns,
                                           EndSocket kind) override;
  [[nodiscard]] bool is_there() noexcept override;

  /// Has it end, and waits until it has, for some seconds. Whether nobody is there any more.
  bool dismiss() noexcept;

  /// How many of them were killed and followed by another since the last call.
  [[nodiscard]] unsigned take_replaced() noexcept;

 private:
  std::optional<HelperAnswer> ask(HelperRequest request, int passed = -1,
                                  FileDescriptor* received = nullptr) noexcept;
  bool send(const HelperRequest& request, int passed) noexcept;
  /// Waits until TIME_NS. Nothing then, or when nobody is there any more.
  std::optional<HelperAnswer> receive(std::int64_t time_ns, FileDescriptor& received) noexcept;
  void require(const std::optional<HelperAnswer>& answer, const char* attempt);

  std::mutex mutex_;  ///< of all below
  FileDescriptor socket_;
  std::uint32_t number_ = 0;
  unsigned replaced_ = 0;
  bool is_there_ = true;
};

}  // namespace tunrelay
