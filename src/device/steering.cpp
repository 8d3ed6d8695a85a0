// SPDX-License-Identifier: MIT
#include "device/steering.hpp"

#include <linux/bpf.h>
#include <linux/if_tun.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdint>
#include <vector>

#include "device/bpf_assembler.hpp"
#include "os/file_descriptor.hpp"

namespace tunrelay {
namespace {

constexpr std::uint8_t kResult = BPF_REG_0;
constexpr std::uint8_t kPacket = BPF_REG_6;
constexpr std::uint8_t kHash = BPF_REG_7;
constexpr std::uint8_t kProtocol = BPF_REG_8;
constexpr std::uint8_t kIndex = BPF_REG_9;  ///< of the transport header

// Places in the program's stack: the key of a datagram's fragments, and their hash.
constexpr std::int16_t kKeyAddresses = -12;
constexpr std::int16_t kKeyId = -8;
constexpr std::int16_t kKeyProtocol = -4;
constexpr std::int16_t kValueHash = -16;
constexpr std::uint32_t kKeyBytes = 12;
constexpr std::uint32_t kValueBytes = 4;
/// Datagrams whose fragments are under way at once; the kernel sends one's after the other.
constexpr std::uint32_t kFragmentedDatagrams = 512;

constexpr std::int32_t kIpv6FragmentHeaderBytes = 8;

/// Writes the program for packets whose IP header begins at byte IP: it returns a hash of the flow,
/// which the kernel takes modulo the number of queues.
///
/// Only a datagram's first fragment has ports. Its hash is kept in a map, under addresses, ID and
/// protocol, where the later ones find it. So a flow whose datagrams are partly fragments stays
/// in one queue, and in order. Without a map (-1) the flow of a fragment is that of its addresses.
class FlowProgram {
 public:
  FlowProgram(std::int32_t ip, SpreadFlows spread, int map_fd)
      : ip_(ip), spread_(spread), map_fd_(map_fd) {}

  const std::vector<bpf_insn>& write() {
    code_.move(kPacket, BPF_REG_1);
    code_.set(kHash, 0);
    code_.load(BPF_B, ip_);
    code_.compute(BPF_RSH, kResult, 4);
    const auto ipv4 = code_.jump_if_equal(kResult, 4);
    const auto ipv6 = code_.jump_if_equal(kResult, 6);
    done_.push_back(code_.jump());
    code_.land(ipv4);
    write_ipv4();
    code_.land(ipv6);
    write_ipv6();
    for (const auto jump : done_) code_.land(jump);
    // A multiplication (Fibonacci hashing) brings the high bits down first.
    code_.compute(BPF_MUL, kHash, static_cast<std::int32_t>(0x9e3779b1));
    code_.compute(BPF_RSH, kHash, 16);
    code_.move(kResult, kHash);
    code_.exit();
    return code_.program();
  }

 private:
  /// RFC 791: addresses at 12 and 16, flags and offset at 6, ID at 4.
  void write_ipv4() {
    fold(12);
    fold(16);
    code_.load(BPF_B, ip_ + 9);
    code_.move(kProtocol, kResult);
    code_.load(BPF_B, ip_);
    code_.compute(BPF_AND, kResult, 0xf);
    code_.compute(BPF_LSH, kResult, 2);
    code_.compute(BPF_ADD, kResult, ip_);
    code_.move(kIndex, kResult);
    code_.load(BPF_H, ip_ + 6);
    code_.compute(BPF_AND, kResult, 0x3fff);  // "more fragments" and the offset
    const auto whole = code_.jump_if_equal(kResult, 0);
    constexpr std::int32_t kIdBytes = 4;
    write_fragment({BPF_H, ip_ + kIdBytes}, {BPF_H, ip_ + 6, 0x1fff});
    code_.land(whole);
    skip_unless_ports();
    fold_ports();
    done_.push_back(code_.jump());
  }

  /// RFC 8200: addresses from 8 to 39, the next header's number at 6. Behind other extension
  /// headers than that of a fragment ports are not looked for.
  void write_ipv6() {
    constexpr std::int32_t kIpv6HeaderBytes = 40;
    for (std::int32_t word = 8; word < kIpv6HeaderBytes; word += 4) fold(word);
    code_.load(BPF_B, ip_ + 6);
    code_.move(kProtocol, kResult);
    code_.set(kIndex, ip_ + kIpv6HeaderBytes);
    const auto whole = code_.jump_if_not_equal(kProtocol, IPPROTO_FRAGMENT);
    code_.load(BPF_B, ip_ + kIpv6HeaderBytes);
    code_.move(kProtocol, kResult);
    code_.compute(BPF_ADD, kIndex, kIpv6FragmentHeaderBytes);
    write_fragment({BPF_W, ip_ + kIpv6HeaderBytes + 4},
                   {BPF_H, ip_ + kIpv6HeaderBytes + 2, 0xfff8});
    code_.land(whole);
    skip_unless_ports();
    fold_ports();
  }

  struct Field {
    std::uint8_t size = BPF_H;
    std::int32_t offset = 0;
    std::int32_t bits = -1;
  };

  /// ID and OFFSET: where the fragment's are. kProtocol and kIndex are set.
  void write_fragment(const Field& id, const Field& offset) {
    if (spread_ == SpreadFlows::kTcp) skip_unless_tcp();
    if (map_fd_ < 0) return done_.push_back(code_.jump());
    code_.store(kKeyAddresses, kHash);
    code_.store(kKeyProtocol, kProtocol);
    code_.load(id.size, id.offset);
    code_.store(kKeyId, kResult);
    code_.load(offset.size, offset.offset);
    code_.compute(BPF_AND, kResult, offset.bits);
    const auto later = code_.jump_if_not_equal(kResult, 0);
    skip_unless_ports();
    fold_ports();
    code_.store(kValueHash, kHash);
    code_.name_map(map_fd_);
    code_.point(BPF_REG_2, kKeyAddresses);
    code_.point(BPF_REG_3, kValueHash);
    code_.set(BPF_REG_4, BPF_ANY);
    code_.call(BPF_FUNC_map_update_elem);
    done_.push_back(code_.jump());
    code_.land(later);
    code_.name_map(map_fd_);
    code_.point(BPF_REG_2, kKeyAddresses);
    code_.call(BPF_FUNC_map_lookup_elem);
    done_.push_back(code_.jump_if_equal(kResult, 0));
    code_.fetch(kHash, kResult);
    done_.push_back(code_.jump());
  }

  /// Folds a 32-bit word of the IP header into the hash: exclusive or, since that is the same
  /// whichever of source and destination comes first.
  void fold(std::int32_t offset) {
    code_.load(BPF_W, ip_ + offset);
    code_.exclusive_or(kHash, kResult);
  }

  /// The same for the two ports.
  void fold_ports() {
    code_.load_indexed(BPF_H, kIndex, 0);
    code_.move(kProtocol, kResult);  // no longer needed as such
    code_.load_indexed(BPF_H, kIndex, 2);
    code_.exclusive_or(kProtocol, kResult);
    // Away from the low bits, in which neighbouring hosts differ.
    code_.compute(BPF_LSH, kProtocol, 12);
    code_.exclusive_or(kHash, kProtocol);
  }

  void skip_unless_ports() {
    if (spread_ == SpreadFlows::kTcp) return skip_unless_tcp();
    const auto tcp = code_.jump_if_equal(kProtocol, IPPROTO_TCP);
    done_.push_back(code_.jump_if_not_equal(kProtocol, IPPROTO_UDP));
    code_.land(tcp);
  }

  /// Leaves hash and queue 0 to what is not TCP.
  void skip_unless_tcp() {
    const auto tcp = code_.jump_if_equal(kProtocol, IPPROTO_TCP);
    code_.set(kHash, 0);
    done_.push_back(code_.jump());
    code_.land(tcp);
  }

  std::int32_t ip_;
  SpreadFlows spread_;
  int map_fd_;
  BpfAssembler code_;
  std::vector<BpfAssembler::Jump> done_;  ///< to where the hash is complete
};

int bpf(bpf_cmd command, bpf_attr& attributes) noexcept {
  return static_cast<int>(::syscall(SYS_bpf, command, &attributes, sizeof attributes));
}

/// May be refused where the program is not: before Linux 5.11 it counts against RLIMIT_MEMLOCK.
FileDescriptor make_fragment_map() noexcept {
  bpf_attr attributes{};
  attributes.map_type = BPF_MAP_TYPE_LRU_HASH;
  attributes.key_size = kKeyBytes;
  attributes.value_size = kValueBytes;
  attributes.max_entries = kFragmentedDatagrams;
  return FileDescriptor(bpf(BPF_MAP_CREATE, attributes));
}

FileDescriptor load_program(const std::vector<bpf_insn>& program) noexcept {
  bpf_attr attributes{};
  attributes.prog_type = BPF_PROG_TYPE_SOCKET_FILTER;
  attributes.insns = reinterpret_cast<std::uintptr_t>(program.data());
  attributes.insn_cnt = static_cast<std::uint32_t>(program.size());
  attributes.license = reinterpret_cast<std::uintptr_t>("MIT");
  return FileDescriptor(bpf(BPF_PROG_LOAD, attributes));
}

}  // namespace

FlowSteering::FlowSteering(DeviceType type, SpreadFlows spread) noexcept {
  constexpr std::int32_t kEthernetHeaderBytes = 14;
  // The program keeps the map.
  const FileDescriptor fragments = make_fragment_map();
  program_ = load_program(
      FlowProgram(type == DeviceType::kTap ? kEthernetHeaderBytes : 0, spread, fragments.get())
          .write());
}

bool FlowSteering::steer(int queue_fd) const noexcept {
  int fd = program_.get();
  return program_.is_open() && ::ioctl(queue_fd, TUNSETSTEERINGEBPF, &fd) == 0;
}

void stop_steering(int queue_fd) noexcept {
  int none = -1;
  ::ioctl(queue_fd, TUNSETSTEERINGEBPF, &none);
}

}  // namespace tunrelay
