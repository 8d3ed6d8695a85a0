// SPDX-License-Identifier: MIT
// PacketFilter on any expression and any packet: a usage Error with a message, or an answer that is
// the same again, without a look outside of the frame.
// Input: link type (1 byte), the expression's length (1 byte), the expression, the virtio-net
// header (10 bytes), the frame.
// Covers: stage/packet_filter.cpp
#include <netdb.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string>

#include "base/error.hpp"
#include "stage/packet_filter.hpp"
#include "support/owned_packet.hpp"

using namespace tunrelay;
using namespace tunrelay::test;

// In the place of libc's: names of hosts are none of the network's business here.
extern "C" int getaddrinfo(const char* /*node*/, const char* /*service*/, const addrinfo* /*hints*/,
                           addrinfo** /*result*/) {
  return EAI_NONAME;
}

namespace {

void match(PacketFilter& filter, std::span<const std::uint8_t> input, LinkType type) {
  if (input.size() < kVirtioNetHeaderBytes) return;
  const auto bytes = std::as_bytes(input);
  const auto frame = bytes.subspan(kVirtioNetHeaderBytes);
  OwnedPacket owned{Frame{load_virtio_net_header(bytes.data()), Bytes(frame.begin(), frame.end())},
                    {type, 65575}};
  // Stages never see what the parser refuses.
  if (owned.fault) return;
  if (filter.matches(owned.packet) != filter.matches(owned.packet)) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::span input{data, size};
  const LinkType type = (data[0] & 1) == 0 ? LinkType::kIp : LinkType::kEthernet;
  const std::size_t length = std::min<std::size_t>(data[1], size - 2);
  const std::string expression(reinterpret_cast<const char*>(data) + 2, length);
  if (expression.find('\0') != std::string::npos) return 0;  // no argument has one
  try {
    PacketFilter filter(expression, type);
    match(filter, input.subspan(2 + length), type);
  } catch (const Error& error) {
    if (error.exit_code() != ExitCode::kUsage || error.parts().cause.empty()) std::abort();
  }
  return 0;
}
