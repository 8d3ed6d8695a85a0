// SPDX-License-Identifier: MIT
// A pair that compresses headers: of each packet the first 40 bytes (those of IPv4 and TCP without
// options, or of IPv6) are compared with those of the packet before, and only what differs goes
// over the link. The other end does the reverse.
//   tunrelay exec --stage ./libcompress.so -- iperf3 ...
//
// Over the link goes: a map of 5 bytes (a bit for each of 40 header bytes that differs), those
// bytes, then the rest of the packet; a packet that is shorter goes behind the one byte 0xff.
// A packet that the link loses would leave the two ends with different packets before: put such a
// stage outside one that loses nothing (--stage ./libcompress.so --stage ./libarq.so), or use a
// link that loses nothing. A counter in each packet finds it: the packets that follow are dropped
// until a whole header comes, at latest with every 16th packet.
#include <algorithm>
#include <array>

#include <tunrelay/stage.hpp>

namespace {

using namespace tunrelay::plugin;

constexpr std::size_t kHeaderBytes = 40;
constexpr std::size_t kMapBytes = kHeaderBytes / 8;
constexpr unsigned kWholeEvery = 16;

/// What stands first over the link. The lower bits of a difference count packets.
constexpr std::byte kShort{0xff};
constexpr std::byte kWhole{0xfe};
constexpr unsigned kCounterMask = 0x7f;

class Compress : public Endpoint {
 public:
  explicit Compress(const Setup& setup) : Endpoint(setup) {}

  void from_device(std::span<Frame> frames, std::int64_t /*now_ns*/) override {
    for (Frame& frame : frames) {
      count("bytes before", frame.bytes().size());
      compress(frame);
      count("bytes on the link", frame.bytes().size());
      frame.pass();
    }
  }
  void from_link(std::span<Frame> frames, std::int64_t /*now_ns*/) override {
    for (Frame& frame : frames) restore(frame) ? frame.pass() : frame.drop("header unknown");
  }

 private:
  using Header = std::array<std::byte, kHeaderBytes>;
  static constexpr std::size_t kMaxDifference = 1 + kMapBytes + kHeaderBytes;

  void compress(Frame& frame) {
    if (frame.bytes().size() < kHeaderBytes) return frame.replace_start(0, {&kShort, 1});
    Header header;
    std::copy_n(frame.bytes().begin(), kHeaderBytes, header.begin());
    const unsigned number = sent_++ % kCounterMask;
    if (number % kWholeEvery == 0) {
      last_sent_ = header;
      const std::array start{kWhole, static_cast<std::byte>(number)};
      return frame.replace_start(0, start);
    }
    std::array<std::byte, kMaxDifference> difference{};
    difference[0] = static_cast<std::byte>(number);
    std::size_t length = 1 + kMapBytes;
    for (std::size_t at = 0; at < kHeaderBytes; ++at) {
      if (header[at] == last_sent_[at]) continue;
      difference[1 + at / 8] |= std::byte{1} << (at % 8);
      difference[length++] = header[at];
    }
    last_sent_ = header;
    frame.replace_start(kHeaderBytes, std::span(difference).first(length));
  }

  /// False where the packet before is not the one that the other end means.
  bool restore(Frame& frame) {
    const std::span<const std::byte> bytes = frame.bytes();
    if (bytes.empty()) return false;
    if (bytes[0] == kShort) {
      frame.replace_start(1, {});
      return true;
    }
    if (bytes[0] == kWhole) {
      if (bytes.size() < 2 + kHeaderBytes) return false;
      std::copy_n(bytes.begin() + 2, kHeaderBytes, last_taken_.begin());
      taken_ = std::to_integer<unsigned>(bytes[1]) + 1;
      frame.replace_start(2, {});
      return true;
    }
    if (std::to_integer<unsigned>(bytes[0]) != taken_ || bytes.size() < 1 + kMapBytes) return false;
    Header header = last_taken_;
    std::size_t length = 1 + kMapBytes;
    for (std::size_t at = 0; at < kHeaderBytes; ++at) {
      if ((bytes[1 + at / 8] & (std::byte{1} << (at % 8))) == std::byte{0}) continue;
      if (length == bytes.size()) return false;
      header[at] = bytes[length++];
    }
    last_taken_ = header;
    ++taken_;
    frame.replace_start(length, header);
    return true;
  }

  Header last_sent_{};
  Header last_taken_{};
  unsigned sent_ = 0;
  unsigned taken_ = kCounterMask;  ///< the number that comes next; none before a whole header
};

}  // namespace

TUNRELAY_CONFINED_STAGE(Compress, "compress", Access::kChangesWireSegments, Pairs::kEachQueue);
