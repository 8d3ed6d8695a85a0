// SPDX-License-Identifier: MIT
#include "replay/packet_file.hpp"

#include <fcntl.h>
#include <pcap/pcap.h>

#include <array>
#include <cerrno>
#include <cstdio>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "os/file_descriptor.hpp"
#include "os/input_file.hpp"
#include "replay/pcapng_source.hpp"

namespace tunrelay {
namespace {

constexpr const char* kReadingPackets = "read the packets of";

OpenFile open_stream(const std::string& path) {
  FileDescriptor file = open_input(path == "-" ? "/dev/stdin" : path, kReadingPackets, kAnySize);
  // libpcap takes "not yet" for a failure. No signal is blocked where packets are read.
  ::fcntl(file.get(), F_SETFL, 0);
  OpenFile stream(::fdopen(file.get(), "r"));
  if (!stream) throw_system_error(errno, kReadingPackets, path);
  static_cast<void>(file.release());
  return stream;
}

class PcapSource final : public PacketSource {
 public:
  PcapSource(std::string path, OpenFile file) : path_(std::move(path)) {
    std::array<char, PCAP_ERRBUF_SIZE> text{};
    handle_.reset(::pcap_fopen_offline_with_tstamp_precision(file.get(), PCAP_TSTAMP_PRECISION_NANO,
                                                             text.data()));
    if (!handle_)
      throw_usage_error(kReadingPackets, path_, text.data(), "give a pcap or pcapng file");
    static_cast<void>(file.release());  // libpcap closes it
    link_type_ = known_link_type(::pcap_datalink(handle_.get()), path_);
  }

  [[nodiscard]] LinkType link_type() const noexcept override { return link_type_; }

  [[nodiscard]] std::optional<FilePacket> next() override {
    pcap_pkthdr* header = nullptr;
    const u_char* bytes = nullptr;
    const int answer = ::pcap_next_ex(handle_.get(), &header, &bytes);
    if (answer == PCAP_ERROR_BREAK) return std::nullopt;
    if (answer != 1) throw_usage_error(kReadingPackets, path_, ::pcap_geterr(handle_.get()));
    // With this precision tv_usec counts nanoseconds.
    return FilePacket{.bytes = {reinterpret_cast<const std::byte*>(bytes), header->caplen},
                      .original_bytes = header->len,
                      .time_ns = header->ts.tv_sec * kNanosecondsPerSecond + header->ts.tv_usec};
  }

 private:
  std::string path_;
  std::unique_ptr<pcap_t, decltype(&::pcap_close)> handle_{nullptr, &::pcap_close};
  LinkType link_type_ = LinkType::kIp;
};

}  // namespace

LinkType known_link_type(int link_type, const std::string& path) {
  // LINKTYPE_RAW, which libpcap has another number for, as some files do.
  constexpr int kLinkTypeRaw = 101;
  switch (link_type) {
    case DLT_EN10MB:
      return LinkType::kEthernet;
    case kLinkTypeRaw:
    case DLT_RAW:
    case DLT_IPV4:
    case DLT_IPV6:
      return LinkType::kIp;
    default: {
      const char* name = ::pcap_datalink_val_to_name(link_type);
      throw_usage_error(kReadingPackets, path,
                        "its packets are of the link type " +
                            (name == nullptr ? std::to_string(link_type) : std::string(name)),
                        "give a capture of an Ethernet or TUN device");
    }
  }
}

PacketFile::PacketFile(const std::string& path, const PacketChoice& choice) {
  OpenFile file = open_stream(path);
  const int first = std::getc(file.get());
  std::ungetc(first, file.get());
  if (first == PcapngSource::kFirstByte)
    source_ = std::make_unique<PcapngSource>(path, std::move(file), choice);
  else if (choice.interface.empty())
    source_ = std::make_unique<PcapSource>(path, std::move(file));
  else
    throw_usage_error(kReadingPackets, path, "it does not name interfaces",
                      "leave --interface out");
}

}  // namespace tunrelay
