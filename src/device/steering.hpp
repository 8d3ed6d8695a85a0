// SPDX-License-Identifier: MIT
// Which queue a packet of a flow comes to. The kernel's own choice dissects every packet that
// is written and every one that is sent, and learns where a flow belongs from what we write.
// A program of ours (TUNSETSTEERINGEBPF, Linux 4.16) is cheaper and knows beforehand: it hashes
// addresses and ports alike for both directions, so a flow and its replies meet at queue i of
// both devices. Fragments go where the rest of their flow goes, so that datagrams of sizes around
// the MTU keep their order.
#pragma once

#include "device/device_type.hpp"
#include "os/file_descriptor.hpp"

namespace tunrelay {

/// Whose flows are spread over the queues; all other packets come to queue 0.
enum class SpreadFlows { kAll, kTcp };

class FlowSteering {
 public:
  /// Loads the program for devices of TYPE.
  FlowSteering(DeviceType type, SpreadFlows spread) noexcept;

  /// False when the kernel refuses the program (no BPF, no permission): its own hash then stays in
  /// force. It costs more, spreads all flows, and sends fragments to other queues than the whole
  /// datagrams of their flow, so that they may overtake each other.
  [[nodiscard]] bool is_allowed() const noexcept { return program_.is_open(); }
  /// Gives the device of QUEUE_FD the program, which stays there after this object. False when the
  /// kernel refuses.
  [[nodiscard]] bool steer(int queue_fd) const noexcept;

 private:
  FileDescriptor program_;
};

/// Takes the program away; the kernel's own hash chooses again.
void stop_steering(int queue_fd) noexcept;

}  // namespace tunrelay
