// SPDX-License-Identifier: MIT
// What a trial sends: plain data, checked before anything is opened.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/ip_address.hpp"

namespace tunrelay {

enum class LoadProtocol : std::uint8_t { kUdp, kTcp };

/// What a flow does.
enum class LoadPattern : std::uint8_t {
  kStream,           ///< one way, message after message
  kRequestResponse,  ///< each message comes back
  kConnections,      ///< TCP: connect, request, response, close, each time again
};

enum class LoadDirection : std::uint8_t { kForward, kReverse, kBoth };

[[nodiscard]] std::string_view to_string(LoadProtocol protocol) noexcept;
[[nodiscard]] std::string_view to_string(LoadPattern pattern) noexcept;
[[nodiscard]] std::string_view to_string(LoadDirection direction) noexcept;

/// The source's messages. A rate makes it an open loop: the times of all messages are fixed
/// beforehand, and latency counts from them. Without one, each message goes when the one before
/// it has gone (or, with responses, has come back).
struct LoadSpec {
  LoadProtocol protocol = LoadProtocol::kUdp;
  LoadPattern pattern = LoadPattern::kStream;
  LoadDirection direction = LoadDirection::kForward;
  std::size_t flows = 1;
  std::size_t threads = 1;                       ///< of each end; flows are dealt to them in turn
  std::vector<std::uint32_t> payload_bytes{64};  ///< of a flow's messages, in turn, and again
  double messages_per_s = 0;                     ///< of all flows together; 0: see bits_per_s
  std::uint64_t bits_per_s = 0;                  ///< of payload, all flows together; 0: unpaced
  std::int64_t duration_ns = 10 * kNanosecondsPerSecond;
  std::int64_t warm_up_ns = 0;   ///< before the duration; its messages don't count
  std::uint64_t count = 0;       ///< messages in all; 0: as the duration says
  std::uint32_t segments = 1;    ///< UDP_SEGMENT: datagrams a send; 1: off
  bool receive_merged = false;   ///< UDP_GRO
  std::uint64_t seed = 1;        ///< of the payload
  std::vector<int> source_cpus;  ///< where sending threads are pinned; empty: anywhere
  std::vector<int> sink_cpus;
  std::string congestion_control;  ///< of TCP; empty: the host's
  /// The port of the first flow at the source, and of the first thread at the sink; the others have
  /// those after it. 0: the host chooses.
  std::uint16_t first_port = 0;
  /// How late a send may be at the 99th percentile before the trial is invalid.
  std::int64_t slip_limit_ns = kNanosecondsPerMillisecond;

  /// That of the flow or thread NUMBER; 0: the host chooses.
  [[nodiscard]] std::uint16_t port(std::size_t number) const noexcept {
    return first_port == 0 ? std::uint16_t{0} : static_cast<std::uint16_t>(first_port + number);
  }
  [[nodiscard]] bool is_paced() const noexcept { return messages_per_s > 0 || bits_per_s > 0; }
  /// Whether the load goes WAY: 0, forward, or 1, reverse.
  [[nodiscard]] bool has(std::size_t way) const noexcept {
    return direction == LoadDirection::kBoth ||
           (direction == LoadDirection::kForward) == (way == 0);
  }
  [[nodiscard]] bool has_responses() const noexcept { return pattern != LoadPattern::kStream; }
  /// Of the largest message; 0 when there is none.
  [[nodiscard]] std::uint32_t most_payload_bytes() const noexcept;
  /// Mean payload of a message.
  [[nodiscard]] double mean_payload_bytes() const noexcept;
  /// Messages a second that the rate comes to; 0: unpaced.
  [[nodiscard]] double target_messages_per_s() const noexcept;
};

/// What begins the names of a direction's metrics: "" or "reverse_".
[[nodiscard]] inline std::string direction_prefix(std::size_t direction) {
  return direction == 0 ? "" : "reverse_";
}

/// Throws a usage Error that names what can't be.
void check_load_spec(const LoadSpec& spec);

/// The payloads of UDP over FAMILY whose Ethernet frames (with their 4 bytes of checksum) have
/// the sizes of the simple IMIX: seven of 64, four of 570, one of 1518 bytes, well mixed. A frame
/// that has no room for our 16 bytes of header gets them all the same (IPv6: 64 becomes 82).
[[nodiscard]] std::vector<std::uint32_t> imix_payload_bytes(IpFamily family);
/// Payload of UDP in an Ethernet frame of FRAME_BYTES (RFC 2544 section 9: checksum included).
/// Throws a usage Error when there is no room for our header.
[[nodiscard]] std::uint32_t payload_of_frame(std::uint32_t frame_bytes, IpFamily family);

}  // namespace tunrelay
