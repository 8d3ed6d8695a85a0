// SPDX-License-Identifier: MIT
// What a tunnel's process may ask of the process that has the rights to change the network, and
// what that answers: structs of fixed size, one a message. No field of a request names an object.
// It has numbers of steps of the tunnel's own plan, which the helper got before traffic crossed,
// and of its ends: so there is nothing foreign that could be asked for.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <type_traits>

#include "os/file_descriptor.hpp"
#include "route/apply/end_socket.hpp"

namespace tunrelay {

enum class HelperRequestKind : std::uint8_t {
  kTakeJournal = 1,  ///< with its descriptor; before the plan
  kTakePlan,         ///< with an attachment (os/attachment.hpp), once; the others come after it
  kRepair,           ///< do those steps again that do not stand
  kFollowNames,      ///< interfaces were renamed: rules name them as they are called now
  kUndo,             ///< all that was done
  kOpenSocket,       ///< in the network namespace of an end; it comes with the answer
  kDismiss,          ///< end; there is no answer
};

/// Steps of one request; more are several requests.
inline constexpr std::size_t kMaxHelperSteps = 64;

struct HelperRequest {
  std::uint32_t number = 0;  ///< from 1 on; the answer has it too
  HelperRequestKind kind{};
  EndSocket socket{};
  std::uint8_t end = 0;  ///< 0: a, 1: b
  std::uint8_t count = 0;
  std::array<std::uint16_t, kMaxHelperSteps> steps{};  ///< COUNT of them, ascending
};

struct HelperOutcome {
  std::uint16_t step = 0;
  std::uint16_t system_errno = 0;
};

struct HelperAnswer {
  /// The request's. 0: nobody asked; a process of the janitor was killed, and another is at work,
  /// to which requests without an answer are to be sent again.
  std::uint32_t number = 0;
  std::uint32_t system_errno = 0;  ///< EINVAL: the request makes no sense, and nothing was done
  std::uint32_t count = 0;
  std::array<HelperOutcome, kMaxHelperSteps> outcomes{};  ///< COUNT of them
};

// What goes through the socket is what stands in memory: without bytes that nobody has set.
static_assert(std::has_unique_object_representations_v<HelperRequest>);
static_assert(std::has_unique_object_representations_v<HelperAnswer>);

/// The request that the message BYTES is. Nothing when it has another size, when a field has a
/// value that is none or that its kind does not have, or when a step is not in a plan of PLAN_STEPS
/// steps; 0: there is no plan yet. Pure.
[[nodiscard]] std::optional<HelperRequest> parse_helper_request(std::span<const std::byte> bytes,
                                                                std::size_t plan_steps);

/// Sends one with the descriptor PASSED, unless that is negative. What is refused (by a security
/// module) is tried again for half a second, since the other end waits for it. 0, or the errno.
[[nodiscard]] int send_message(const FileDescriptor& socket, const HelperRequest& request,
                               int passed) noexcept;
[[nodiscard]] int send_message(const FileDescriptor& socket, const HelperAnswer& answer,
                               int passed) noexcept;

}  // namespace tunrelay
