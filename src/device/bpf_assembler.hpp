// SPDX-License-Identifier: MIT
// Writes a BPF socket filter instruction by instruction (Documentation/bpf/standardization).
#pragma once

#include <linux/bpf.h>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace tunrelay {

/// Jumps are patched when their target is known: land(jump) makes it the next instruction.
class BpfAssembler {
 public:
  using Jump = std::size_t;  ///< the place of a jump that waits for its target

  /// r0 = SIZE (BPF_B, BPF_H, BPF_W) bytes of the packet at OFFSET, in host order. Wants the packet
  /// in r6 and spoils r1 to r5. A load behind the packet's end makes the program return 0.
  void load(std::uint8_t size, std::int32_t offset) {
    add(static_cast<std::uint8_t>(BPF_LD | size | BPF_ABS), 0, 0, offset);
  }
  /// The same at register INDEX + OFFSET.
  void load_indexed(std::uint8_t size, std::uint8_t index, std::int32_t offset) {
    add(static_cast<std::uint8_t>(BPF_LD | size | BPF_IND), 0, index, offset);
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
  /// 32 bits into the stack, OFFSET (negative) bytes from its frame's end.
  void store(std::int16_t offset, std::uint8_t source) {
    add(BPF_STX | BPF_MEM | BPF_W, BPF_REG_10, source, 0, offset);
  }
  /// TARGET = 32 bits at the address in SOURCE.
  void fetch(std::uint8_t target, std::uint8_t source) {
    add(BPF_LDX | BPF_MEM | BPF_W, target, source, 0);
  }
  /// TARGET = the address of the stack's place OFFSET.
  void point(std::uint8_t target, std::int32_t offset) {
    move(target, BPF_REG_10);
    add(BPF_ALU64 | BPF_ADD | BPF_K, target, 0, offset);
  }
  /// r1 = the map behind the descriptor.
  void name_map(int map_fd) {
    add(BPF_LD | BPF_DW | BPF_IMM, BPF_REG_1, BPF_PSEUDO_MAP_FD, map_fd);
    add(0, 0, 0, 0);  // the upper half of the constant
  }
  /// r0 = FUNCTION(r1 to r5), all of which are spoilt.
  void call(std::int32_t function) { add(BPF_JMP | BPF_CALL, 0, 0, function); }
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
  void add(std::uint8_t code, std::uint8_t target, std::uint8_t source, std::int32_t value,
           std::int16_t offset = 0) {
    bpf_insn instruction{};
    instruction.code = code;
    instruction.dst_reg = target & 0xf;
    instruction.src_reg = source & 0xf;
    instruction.off = offset;
    instruction.imm = value;
    program_.push_back(instruction);
  }

  std::vector<bpf_insn> program_;
};

}  // namespace tunrelay
