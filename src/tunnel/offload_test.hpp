// Whether offloads work on this kernel: kernels have shipped whose segmentation was broken, and
// a tunnel that corrupts is worse than a slow one. Real super-packets go across the running
// tunnel, and what comes out is compared.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "route/tunnel_ends.hpp"

namespace tunrelay {

/// Sends a UDP super-packet with a short last segment and 256 KiB of TCP, each way and in each
/// family, and compares what arrives. Nothing when all is right, otherwise what was wrong, a
/// sentence. Takes a few milliseconds; gives up at the first part that takes 400 ms.
/// Throws Error when sockets can't be made.
std::optional<std::string> test_offloads(const TunnelEnds& ends, std::uint32_t mtu_bytes);

}  // namespace tunrelay
