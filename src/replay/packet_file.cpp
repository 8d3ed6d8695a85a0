#include "replay/packet_file.hpp"

#include <array>

#include "base/clock.hpp"
#include "base/error.hpp"

namespace tunrelay {

PacketFile::PacketFile(const std::string& path) : path_(path), handle_(nullptr, &::pcap_close) {
  std::array<char, PCAP_ERRBUF_SIZE> words{};
  handle_.reset(::pcap_open_offline_with_tstamp_precision(path.c_str(), PCAP_TSTAMP_PRECISION_NANO,
                                                          words.data()));
  if (!handle_)
    throw_usage_error("read the packets of", path, words.data(), "give a pcap or pcapng file");
  switch (::pcap_datalink(handle_.get())) {
    case DLT_EN10MB:
      link_type_ = LinkType::kEthernet;
      break;
    case DLT_RAW:
    case DLT_IPV4:
    case DLT_IPV6:
      link_type_ = LinkType::kIp;
      break;
    default: {
      const char* name = ::pcap_datalink_val_to_name(::pcap_datalink(handle_.get()));
      throw_usage_error("read the packets of", path,
                        std::string("its packets are of the link type ") +
                            (name == nullptr ? "of no name" : name),
                        "give a capture of an Ethernet or TUN device");
    }
  }
}

std::optional<FilePacket> PacketFile::next() {
  pcap_pkthdr* header = nullptr;
  const u_char* bytes = nullptr;
  const int answer = ::pcap_next_ex(handle_.get(), &header, &bytes);
  if (answer == PCAP_ERROR_BREAK) return std::nullopt;
  if (answer != 1)
    throw_usage_error("read the packets of", path_, ::pcap_geterr(handle_.get()),
                      "where the file is whole but has several interfaces: tshark -r " + path_ +
                          " -F pcap -w one.pcap");
  // With this precision tv_usec counts nanoseconds.
  return FilePacket{.bytes = {reinterpret_cast<const std::byte*>(bytes), header->caplen},
                    .original_bytes = header->len,
                    .time_ns = header->ts.tv_sec * kNanosecondsPerSecond + header->ts.tv_usec};
}

}  // namespace tunrelay
