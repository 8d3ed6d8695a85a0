// SPDX-License-Identifier: MIT
// PacketFile on a file of any bytes, pcap or pcapng: packets, then the end, or a usage Error with a
// message; and each byte of each packet can be read.
// Input: the device and whether an interface is named (1 byte), the file.
// Covers: replay/packet_file.cpp replay/pcapng_source.cpp
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <string>

#include "base/error.hpp"
#include "os/file_descriptor.hpp"
#include "replay/packet_file.hpp"

using namespace tunrelay;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const FileDescriptor file(::memfd_create("fuzz.pcap", MFD_CLOEXEC));
  if (::write(file.get(), data + 1, size - 1) != static_cast<ssize_t>(size - 1)) return 0;
  PacketChoice choice;
  choice.device = data[0] & 1U;
  if ((data[0] & 2U) != 0) choice.interface = (data[0] & 4U) != 0 ? "tun0" : "1";
  try {
    PacketFile packets("/proc/self/fd/" + std::to_string(file.get()), choice);
    std::size_t bytes = 0;
    volatile unsigned sum = 0;
    while (const auto packet = packets.next()) {
      // A file holds no more than its size, but for what libpcap calls an empty packet.
      bytes += packet->bytes.size();
      if (bytes > size) std::abort();
      for (const std::byte byte : packet->bytes) sum = sum + std::to_integer<unsigned>(byte);
    }
  } catch (const Error& error) {
    if (error.exit_code() != ExitCode::kUsage || error.parts().cause.empty()) std::abort();
  }
  return 0;
}
