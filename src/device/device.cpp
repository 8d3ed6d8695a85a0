// SPDX-License-Identifier: MIT
#include "device/device.hpp"

#include <fmt/format.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstring>
#include <optional>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "device/existing_tun.hpp"
#include "device/tun_node.hpp"
#include "os/wait_until.hpp"

namespace tunrelay {
namespace {

// A killed relay's device lives 54 to 82 ms more; two seconds also cover a busy machine.
constexpr std::int64_t kDyingDeviceLimitNs = 2 * kNanosecondsPerSecond;
constexpr std::int64_t kShortPauseNs = 5 * kNanosecondsPerMillisecond;
constexpr int kHeaderBytes = 10;

std::string hint_of_attach(int error, const std::string& name) {
  switch (error) {
    case EPERM:
      return fmt::format(
          "it needs CAP_NET_ADMIN in this network namespace (run as root, or `unshare "
          "-Urn`), or {} must be made for your user: ip tuntap add {} mode tun "
          "multi_queue vnet_hdr user $USER",
          name, name);
    case EBUSY:
      return fmt::format("another program holds {}: end it, or choose another name", name);
    case EINVAL:
      return fmt::format("{} exists with another type or without multi_queue: ip -d link show {}",
                         name, name);
    case E2BIG:
      return "the kernel allows at most 256 queues a device";
    default:
      return {};
  }
}

/// One TUNSETIFF: 0, or the errno.
int attach(int fd, const std::string& name, short flags) {
  ifreq request{};
  std::memcpy(request.ifr_name, name.c_str(), name.size());
  request.ifr_flags = flags;
  return ::ioctl(fd, TUNSETIFF, &request) == 0 ? 0 : errno;
}

/// The first queue of a new device. A device of that name that dies at this moment is waited
/// for; without IFF_TUN_EXCL we would join it and vanish with it.
void attach_new(int fd, const std::string& name, short flags) {
  const std::int64_t deadline = monotonic_ns() + kDyingDeviceLimitNs;
  timespec pause{.tv_sec = 0, .tv_nsec = 2 * kNanosecondsPerMillisecond};
  for (;;) {
    const int error =
        attach(fd, name, static_cast<short>(flags | static_cast<short>(IFF_TUN_EXCL)));
    if (error == 0) return;
    if (error != EBUSY || monotonic_ns() > deadline)
      throw_system_error(error, "make the device", name, hint_of_attach(error, name));
    ::nanosleep(&pause, nullptr);
    pause.tv_nsec = std::min<long>(pause.tv_nsec * 2, 50 * kNanosecondsPerMillisecond);
  }
}

/// Further queues may silently get other flags than requested, so they are read back.
void check_flags(int fd, const std::string& name, short wanted) {
  constexpr int kCompared = IFF_TUN | IFF_TAP | IFF_NO_PI | IFF_VNET_HDR | IFF_MULTI_QUEUE;
  ifreq answer{};
  check_system_call(::ioctl(fd, TUNGETIFF, &answer), "read back the flags of", name);
  if ((answer.ifr_flags & kCompared) != (wanted & kCompared))
    throw_unsupported_error("attach a queue to", name,
                            fmt::format("its flags are {:#x}, not the {:#x} requested",
                                        answer.ifr_flags & kCompared, wanted & kCompared),
                            "end the other program that uses this device");
}

void refuse_existing(const DeviceRequest& request, const std::string& answer,
                     const std::string& hint) {
  throw_unsupported_error("use the device", request.name, answer, hint);
}

/// Whether an administrator's device fits the request; throws where it does not.
void check_existing(const DeviceRequest& request, const ExistingTun& existing) {
  const std::string remake =
      fmt::format("make it again: ip link del {0}; ip tuntap add {0} mode {1} multi_queue vnet_hdr",
                  request.name, to_string(request.type));
  if (!existing.is_tun_driver)
    refuse_existing(request, "another kind of interface bears this name", "choose another name");
  if (existing.type != request.type)
    refuse_existing(request, fmt::format("it is a {} device", to_string(existing.type)),
                    fmt::format("choose another name, or --type {}", to_string(existing.type)));
  if (existing.queues_attached + existing.queues_detached != 0)
    refuse_existing(request,
                    fmt::format("{} queues are attached already and {} detached: packets would be "
                                "lost in a queue that nobody reads",
                                existing.queues_attached, existing.queues_detached),
                    fmt::format("end the program that holds {0} (often systemd-networkd's "
                                "KeepCarrier=, or another relay): fuser "
                                "/dev/net/tun",
                                request.name));
  if (!existing.multi_queue && request.queues > 1)
    refuse_existing(request, "it was made without multi_queue, so it has one queue",
                    remake + ", or use --queues 1");
  if (existing.packet_info)
    refuse_existing(request, "it was made with the packet-information header (pi)", remake);
}

/// An administrator's device that lasts. One that does not last belongs to a running program,
/// or to one that is just dying; attach_new() waits for the latter and refuses the former.
std::optional<ExistingTun> find_administrators(const DeviceRequest& request) {
  std::optional<ExistingTun> existing;
  // The queues of a relay that was just killed go a moment after it.
  const auto is_free = [&] {
    existing = find_existing_tun(request.name);
    return !existing || !existing->persistent || existing->queues_attached == 0;
  };
  static_cast<void>(wait_until(is_free, kDyingDeviceLimitNs, kShortPauseNs));
  if (!existing || (existing->is_tun_driver && !existing->persistent)) return std::nullopt;
  check_existing(request, *existing);
  return existing;
}

}  // namespace

void check_interface_name(const std::string& name) {
  // dev_valid_name() in net/core/dev.c.
  const bool valid =
      !name.empty() && name.size() < IFNAMSIZ && name != "." && name != ".." &&
      std::none_of(name.begin(), name.end(), [](unsigned char letter) {
        return letter == '/' || letter == ':' || letter == '%' || std::isspace(letter) != 0;
      });
  if (!valid)
    throw_usage_error("use the interface name", "'" + name + "'",
                      "a name has 1 to 15 characters, none of them '/', ':', '%' or blank");
}

Device Device::open(const DeviceRequest& request) {
  check_interface_name(request.name);
  const auto existing = find_administrators(request);
  Device device;
  device.name_ = request.name;
  device.type_ = request.type;
  device.made_by_us_ = !existing;
  device.virtio_net_header_ = !existing || existing->virtio_net_header;
  int flags = (request.type == DeviceType::kTun ? IFF_TUN : IFF_TAP) | IFF_NO_PI;
  if (device.virtio_net_header_) flags |= IFF_VNET_HDR;
  if (!existing || existing->multi_queue) flags |= IFF_MULTI_QUEUE;
  const auto wanted = static_cast<short>(flags);

  for (std::size_t queue = 0; queue < request.queues; ++queue) {
    FileDescriptor fd = open_tun_node();
    if (queue == 0 && !existing) {
      attach_new(fd.get(), request.name, wanted);
      // Without an owner, any user who can open the node could attach a queue and read along.
      check_system_call(::ioctl(fd.get(), TUNSETOWNER, static_cast<unsigned long>(::geteuid())),
                        "set the owner of", request.name);
    } else if (const int error = attach(fd.get(), request.name, wanted); error != 0) {
      throw_system_error(error, fmt::format("attach queue {} to", queue), request.name,
                         hint_of_attach(error, request.name));
    }
    check_flags(fd.get(), request.name, wanted);
    device.queues_.push_back(std::move(fd));
  }
  if (!device.virtio_net_header_) return device;

  const int first = device.queue_fd(0);
  int header_bytes = 0;
  check_system_call(::ioctl(first, TUNGETVNETHDRSZ, &header_bytes), "read the header size of",
                    request.name);
  if (header_bytes != kHeaderBytes) {
    device.former_header_bytes_ = header_bytes;
    check_system_call(::ioctl(first, TUNSETVNETHDRSZ, &kHeaderBytes), "set the header size of",
                      request.name);
  }
  device.offloads_ = device.known_offloads_ = enable_best_offloads(first);
  if (!request.offload) device.change_offloads({});
  return device;
}

Device::~Device() {
  if (made_by_us_ || queues_.empty() || !virtio_net_header_) return;
  // An administrator's device goes back without offloads, as it was made, since the next
  // program may not know how to take super-packets.
  (void)set_offloads(queues_.front().get(), {});
  if (former_header_bytes_ != 0)
    ::ioctl(queues_.front().get(), TUNSETVNETHDRSZ, &former_header_bytes_);
}

void Device::change_offloads(const Offloads& offloads) {
  if (!set_offloads(queue_fd(0), offloads))
    throw_system_error(errno, "set the offloads of", name_ + " to " + offloads.to_string());
  offloads_ = offloads;
}

}  // namespace tunrelay
