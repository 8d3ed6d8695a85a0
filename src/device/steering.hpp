// SPDX-License-Identifier: MIT
// Which queue a packet of a flow comes to. The kernel's own choice dissects every packet that
// is written and every one that is sent, and learns where a flow belongs from what we write.
// A program of ours (TUNSETSTEERINGEBPF, Linux 4.16) is cheaper and knows beforehand: it hashes
// addresses and ports alike for both directions, so a flow and its replies meet at queue i of
// both devices. Fragments go where the rest of their flow goes, so that datagrams of sizes around
// the MTU keep their order.
#pragma once

#include "device/device_type.hpp"

namespace tunrelay {

/// Gives the device of QUEUE_FD the program for its type. False when the kernel refuses (no
/// BPF, no permission): its own hash then stays in force. It costs more, and sends fragments to
/// other queues than the whole datagrams of their flow, so that they may overtake each other.
[[nodiscard]] bool steer_by_flow(int queue_fd, DeviceType type) noexcept;

/// Takes the program away; the kernel's own hash chooses again.
void stop_steering(int queue_fd) noexcept;

}  // namespace tunrelay
