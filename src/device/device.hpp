// SPDX-License-Identifier: MIT
// A Device: one TUN or TAP interface with its queues. It is made (and gone with us) or, when
// an administrator made it beforehand, used and left as it was. Addresses, MTU, queue length
// and routes are the business of the route module, which journals what it changes.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "device/device_type.hpp"
#include "device/offload.hpp"
#include "os/file_descriptor.hpp"

namespace tunrelay {

struct DeviceRequest {
  std::string name;  ///< 1 to 15 characters
  DeviceType type = DeviceType::kTun;
  std::size_t queues = 1;
  bool offload = true;  ///< request all offloads that the kernel has
};

class Device {
 public:
  /// Opens every queue in the current network namespace. A device of that name that is just
  /// going away is waited for, up to two seconds. Throws Error, which says for each cause
  /// what to do: no tun node, no permission, name taken, another type, queues in use.
  static Device open(const DeviceRequest& request);

  Device(Device&&) noexcept = default;
  Device& operator=(Device&&) noexcept = default;
  Device(const Device&) = delete;
  Device& operator=(const Device&) = delete;
  ~Device();

  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  [[nodiscard]] DeviceType type() const noexcept { return type_; }
  /// False: an administrator's, persistent device.
  [[nodiscard]] bool made_by_us() const noexcept { return made_by_us_; }
  [[nodiscard]] std::size_t queues() const noexcept { return queues_.size(); }
  /// Non-blocking; ours to close.
  [[nodiscard]] int queue_fd(std::size_t queue) const { return queues_.at(queue).get(); }
  /// Whether each packet stands behind a virtio-net header of kVirtioNetHeaderBytes.
  [[nodiscard]] bool has_virtio_net_header() const noexcept { return virtio_net_header_; }
  [[nodiscard]] const Offloads& offloads() const noexcept { return offloads_; }
  /// What this kernel's TUN knows, whether or not it is switched on. Super-packets of these kinds
  /// may be written in any case (virtio_net_hdr_to_skb() in include/linux/virtio_net.h).
  [[nodiscard]] const Offloads& known_offloads() const noexcept { return known_offloads_; }
  /// Takes effect at once, under traffic too. Throws Error when the kernel refuses.
  void change_offloads(const Offloads& offloads);

 private:
  Device() = default;

  std::string name_;
  DeviceType type_ = DeviceType::kTun;
  bool made_by_us_ = true;
  bool virtio_net_header_ = true;
  int former_header_bytes_ = 0;  ///< of an administrator's device, where we changed it
  Offloads offloads_;
  Offloads known_offloads_;
  std::vector<FileDescriptor> queues_;
};

/// Throws a usage Error when NAME can't be an interface's name (never truncates it).
void check_interface_name(const std::string& name);

}  // namespace tunrelay
