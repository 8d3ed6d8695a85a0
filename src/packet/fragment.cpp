// SPDX-License-Identifier: MIT
#include "packet/fragment.hpp"

#include <algorithm>
#include <cstring>

#include "packet/header_rewrite.hpp"
#include "packet/layers.hpp"
#include "packet/wire_format.hpp"

namespace tunrelay {
namespace {

constexpr std::uint32_t kFragmentUnitBytes = 8;

// RFC 791, 3.1: an option's first byte, and what stands behind it.
constexpr std::uint8_t kEndOfOptions = 0;
constexpr std::uint8_t kNoOption = 1;
constexpr std::uint8_t kIsCopied = 0x80;

/// Options that only the first fragment bears become "no operation", so that the header stays as
/// long as it is (as ip_options_fragment() of net/ipv4/ip_options.c has it).
void blank_first_options(std::span<std::byte> options) noexcept {
  for (std::size_t at = 0; at < options.size();) {
    const std::uint8_t kind = load_u8(options.data() + at);
    if (kind == kEndOfOptions) return;
    if (kind == kNoOption) {
      ++at;
      continue;
    }
    if (at + 1 == options.size()) return;
    const std::size_t length = load_u8(options.data() + at + 1);
    if (length < 2 || length > options.size() - at) return;  // a receiver refuses it
    if ((kind & kIsCopied) == 0)
      std::fill_n(options.begin() + static_cast<std::ptrdiff_t>(at), length, std::byte{kNoOption});
    at += length;
  }
}

}  // namespace

bool may_fragment(std::span<const std::byte> frame, const Layers& layers) noexcept {
  return layers.ip_version == 4 &&
         (load_u16(frame.data() + layers.ip_offset + ipv4::kFragment) & ipv4::kDontFragment) == 0;
}

Fragmenter::Fragmenter(std::span<const std::byte> frame, const Layers& layers,
                       std::uint32_t mtu_bytes) noexcept
    : frame_(frame),
      ip_offset_(layers.ip_offset),
      header_bytes_(ipv4::header_bytes_of(frame.data() + ip_offset_)),
      payload_bytes_(ip_end_offset(frame, layers) - static_cast<std::uint32_t>(ip_offset_) -
                     header_bytes_),
      most_fragment_bytes_((mtu_bytes - header_bytes_) / kFragmentUnitBytes * kFragmentUnitBytes) {}

std::size_t Fragmenter::next(std::span<std::byte> out) noexcept {
  const std::uint32_t bytes = std::min(payload_bytes_ - done_bytes_, most_fragment_bytes_);
  const std::size_t headers_bytes = ip_offset_ + header_bytes_;
  std::memcpy(out.data(), frame_.data(), headers_bytes);
  std::memcpy(out.data() + headers_bytes, frame_.data() + headers_bytes + done_bytes_, bytes);

  std::byte* ip = out.data() + ip_offset_;
  if (done_bytes_ != 0)
    blank_first_options({ip + ipv4::kHeaderBytes, header_bytes_ - ipv4::kHeaderBytes});
  // The packet may be a fragment itself: the offset counts on, and more come behind it as before.
  std::uint32_t word = load_u16(ip + ipv4::kFragment) + done_bytes_ / kFragmentUnitBytes;
  done_bytes_ += bytes;
  if (!at_end()) word |= ipv4::kMoreFragments;
  store_u16(ip + ipv4::kFragment, static_cast<std::uint16_t>(word));
  rewrite_ipv4(ip, header_bytes_, header_bytes_ + bytes, load_u16(ip + ipv4::kId));
  return headers_bytes + bytes;
}

}  // namespace tunrelay
