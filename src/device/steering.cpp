#include "device/steering.hpp"

#include <linux/bpf.h>
#include <linux/if_tun.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdint>
#include <vector>

#include "base/file_descriptor.hpp"

namespace tunrelay {
namespace {

// Registers of the program. LD_ABS and LD_IND load packet bytes in host order into r0, want the
// packet in r6, and spoil r1 to r5; a load behind the packet's end makes the program return 0.
constexpr std::uint8_t kResult = BPF_REG_0;
constexpr std::uint8_t kPacket = BPF_REG_6;
constexpr std::uint8_t kHash = BPF_REG_7;
constexpr std::uint8_t kProtocol = BPF_REG_8;
constexpr std::uint8_t kIndex = BPF_REG_9;

/// Writes a BPF program instruction by instruction; jumps are patched when their target is known.
class Assembler {
 public:
  using Jump = std::size_t;  ///< the place of a jump that waits for its target

  void load(std::uint8_t size, std::int32_t offset) {
    add(static_cast<std::uint8_t>(BPF_LD | size | BPF_ABS), 0, 0, offset);
  }
  void load_indexed(std::uint8_t size, std::int32_t offset) {
    add(static_cast<std::uint8_t>(BPF_LD | size | BPF_IND), 0, kIndex, offset);
  }
  void move(std::uint8_t target, std::uint8_t source) {
    add(BPF_ALU64 | BPF_MOV | BPF_X, target, source, 0);
  }
  void set(std::uint8_t target, std::int32_t value) {
    add(BPF_ALU64 | BPF_MOV | BPF_K, target, 0, value);
  }
  /// OPERATION such as BPF_AND, on 32 bits, with a constant.
  void compute(std::uint8_t operation, std::uint8_t target, std::int32_t value) {
    add(static_cast<std::uint8_t>(BPF_ALU | operation | BPF_K), target, 0, value);
  }
  void exclusive_or(std::uint8_t target, std::uint8_t source) {
    add(BPF_ALU | BPF_XOR | BPF_X, target, source, 0);
  }
  Jump jump_if_equal(std::uint8_t left, std::int32_t right) {
    add(BPF_JMP | BPF_JEQ | BPF_K, left, 0, right);
    return program_.size() - 1;
  }
  Jump jump_if_not_equal(std::uint8_t left, std::int32_t right) {
    add(BPF_JMP | BPF_JNE | BPF_K, left, 0, right);
    return program_.size() - 1;
  }
  Jump jump() {
    add(BPF_JMP | BPF_JA, 0, 0, 0);
    return program_.size() - 1;
  }
  void land(Jump jump) {
    program_[jump].off = static_cast<std::int16_t>(program_.size() - jump - 1);
  }
  void exit() { add(BPF_JMP | BPF_EXIT, 0, 0, 0); }

  [[nodiscard]] const std::vector<bpf_insn>& program() const noexcept { return program_; }

 private:
  void add(std::uint8_t code, std::uint8_t target, std::uint8_t source, std::int32_t value) {
    bpf_insn instruction{};
    instruction.code = code;
    instruction.dst_reg = target & 0xf;
    instruction.src_reg = source & 0xf;
    instruction.imm = value;
    program_.push_back(instruction);
  }

  std::vector<bpf_insn> program_;
};

/// Folds a 32-bit word at OFFSET into the hash: exclusive or, since that is the same whichever
/// of source and destination comes first.
void fold(Assembler& code, std::int32_t offset) {
  code.load(BPF_W, offset);
  code.exclusive_or(kHash, kResult);
}

/// With kIndex at the transport header of TCP or UDP: folds the two ports in.
void fold_ports(Assembler& code) {
  code.load_indexed(BPF_H, 0);
  code.move(kProtocol, kResult);  // no longer needed as such
  code.load_indexed(BPF_H, 2);
  code.exclusive_or(kProtocol, kResult);
  // Away from the low bits, in which neighbouring hosts differ.
  code.compute(BPF_LSH, kProtocol, 12);
  code.exclusive_or(kHash, kProtocol);
}

/// Jumps that are taken when PROTOCOL is neither TCP nor UDP lead to the returned place.
Assembler::Jump skip_unless_ports(Assembler& code) {
  const auto tcp = code.jump_if_equal(kProtocol, IPPROTO_TCP);
  const auto other = code.jump_if_not_equal(kProtocol, IPPROTO_UDP);
  code.land(tcp);
  return other;
}

/// The program for packets whose IP header begins at byte IP.
std::vector<bpf_insn> flow_program(std::int32_t ip) {
  Assembler code;
  code.move(kPacket, BPF_REG_1);
  code.set(kHash, 0);
  code.load(BPF_B, ip);
  code.compute(BPF_RSH, kResult, 4);
  const auto ipv4 = code.jump_if_equal(kResult, 4);
  const auto ipv6 = code.jump_if_equal(kResult, 6);
  const auto no_ip = code.jump();

  // IPv4 (RFC 791): addresses at 12 and 16; a fragment has no ports, so its flow is that of the
  // addresses alone (bytes 6 and 7: "more fragments" and the offset).
  code.land(ipv4);
  fold(code, ip + 12);
  fold(code, ip + 16);
  code.load(BPF_B, ip + 9);
  code.move(kProtocol, kResult);
  code.load(BPF_H, ip + 6);
  code.compute(BPF_AND, kResult, 0x3fff);
  const auto fragment = code.jump_if_not_equal(kResult, 0);
  const auto ipv4_other = skip_unless_ports(code);
  code.load(BPF_B, ip);
  code.compute(BPF_AND, kResult, 0xf);
  code.compute(BPF_LSH, kResult, 2);
  code.compute(BPF_ADD, kResult, ip);
  code.move(kIndex, kResult);
  fold_ports(code);
  const auto ipv4_done = code.jump();

  // IPv6 (RFC 8200): addresses from 8 to 39. Behind extension headers ports are not looked for.
  code.land(ipv6);
  for (std::int32_t word = 8; word < 40; word += 4) fold(code, ip + word);
  code.load(BPF_B, ip + 6);
  code.move(kProtocol, kResult);
  const auto ipv6_other = skip_unless_ports(code);
  code.set(kIndex, ip + 40);
  fold_ports(code);

  // The kernel takes the result modulo the number of queues; a multiplication (Fibonacci
  // hashing) brings the high bits down first.
  code.land(no_ip);
  code.land(fragment);
  code.land(ipv4_other);
  code.land(ipv4_done);
  code.land(ipv6_other);
  code.compute(BPF_MUL, kHash, static_cast<std::int32_t>(0x9e3779b1));
  code.compute(BPF_RSH, kHash, 16);
  code.move(kResult, kHash);
  code.exit();
  return code.program();
}

FileDescriptor load_program(const std::vector<bpf_insn>& program) noexcept {
  bpf_attr attributes{};
  attributes.prog_type = BPF_PROG_TYPE_SOCKET_FILTER;
  attributes.insns = reinterpret_cast<std::uintptr_t>(program.data());
  attributes.insn_cnt = static_cast<std::uint32_t>(program.size());
  attributes.license = reinterpret_cast<std::uintptr_t>("MIT");
  return FileDescriptor(
      static_cast<int>(::syscall(SYS_bpf, BPF_PROG_LOAD, &attributes, sizeof attributes)));
}

}  // namespace

bool steer_by_flow(int queue_fd, DeviceType type) noexcept {
  constexpr std::int32_t kEthernetHeaderBytes = 14;
  const FileDescriptor program =
      load_program(flow_program(type == DeviceType::kTap ? kEthernetHeaderBytes : 0));
  if (!program.is_open()) return false;
  int fd = program.get();
  return ::ioctl(queue_fd, TUNSETSTEERINGEBPF, &fd) == 0;
}

void stop_steering(int queue_fd) noexcept {
  int none = -1;
  ::ioctl(queue_fd, TUNSETSTEERINGEBPF, &none);
}

}  // namespace tunrelay
