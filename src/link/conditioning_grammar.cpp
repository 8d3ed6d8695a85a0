// SPDX-License-Identifier: MIT
// The arguments of stages that condition traffic: policer, slot, ecn, dscp.
#include <fmt/format.h>

#include <array>

#include "base/exact_units.hpp"
#include "link/stage_grammar.hpp"
#include "packet/ecn.hpp"

namespace tunrelay {
namespace {

TrafficClassChange read_dscp_value(StageTokens& tokens) {
  constexpr std::uint64_t kMaxDscp = 63;
  const std::uint64_t dscp = tokens.take_count("a number from 0 to 63", 0, kMaxDscp);
  return {.mask = kDscpMask, .value = static_cast<std::uint8_t>(dscp << 2U)};
}

std::string print_dscp(TrafficClassChange change) {
  return fmt::format("dscp {}", change.value >> 2U);
}

}  // namespace

PolicerConfig read_policer(StageTokens& tokens) {
  PolicerConfig config;
  config.bits_per_s = tokens.take_rate("a rate such as 10mbit");
  for (;;) {
    if (tokens.take("burst"))
      config.burst_bytes =
          tokens.take_size("a size such as 64KiB", 1, PolicerConfig::kMaxBurstBytes);
    else if (tokens.take("ecn"))
      config.beyond = {.mask = kEcnMask, .value = kEcnCe};
    else if (tokens.take("dscp"))
      config.beyond = read_dscp_value(tokens);
    else if (!read_wire_token(tokens, config.wire))
      break;
  }
  if (tokens.at_end()) return config;
  tokens.refuse_next("burst, overhead, cell, ecn, dscp");
}

std::string print_stage(const PolicerConfig& config) {
  std::string text = "policer " + print_rate(config.bits_per_s);
  if (config.burst_bytes != PolicerConfig{}.burst_bytes)
    text += " burst " + print_size(config.burst_bytes);
  text += print_wire(config.wire, {});
  if (!config.beyond.any()) return text;
  return text + " " + ((config.beyond.mask & kEcnMask) != 0 ? "ecn" : print_dscp(config.beyond));
}

SlotDescription read_slot(StageTokens& tokens) {
  SlotDescription slot;
  SlotConfig& config = slot.config;
  const std::string time = "a time such as 800us";
  if (tokens.take("distribution")) {
    DelayDescription distribution;
    if (!read_shape(tokens, distribution))
      tokens.refuse_next("uniform, normal, pareto, paretonormal, table FILE");
    config.by_distribution = true;
    config.distribution = distribution.config;
    slot.table_file = distribution.table_file;
    config.distribution.delay_ns = tokens.take_duration(time);
    config.distribution.jitter_ns = tokens.take_duration("the jitter, " + time);
  } else {
    config.min_ns = tokens.take_duration(time);
    config.max_ns = tokens.has_number() ? tokens.take_duration(time) : config.min_ns;
    if (config.max_ns < config.min_ns)
      tokens.refuse_last("the second time is less than the first", "write for example 1ms 5ms");
  }
  for (;;) {
    if (tokens.take("packets"))
      config.packets = tokens.take_count("a count of packets", 1, 1'000'000);
    else if (tokens.take("bytes"))
      config.bytes = tokens.take_size("a size such as 64KiB", 1, std::uint64_t{1} << 40U);
    else
      break;
  }
  // With neither a time between slots nor a limit nothing would happen, with a limit nothing end.
  const DelayConfig& spread = config.distribution;
  if (config.max_ns == 0 && spread.delay_ns == 0 && spread.jitter_ns == 0)
    tokens.refuse_last("the slots would follow each other at once", "write " + time);
  if (tokens.at_end()) return slot;
  tokens.refuse_next("packets, bytes");
}

std::string print_stage(const SlotDescription& slot) {
  const SlotConfig& config = slot.config;
  std::string text = "slot ";
  if (config.by_distribution) {
    text += "distribution " + print_shape(config.distribution.shape);
    if (config.distribution.shape == JitterShape::kTable)
      text += " " + print_token(slot.table_file.name);
    text += " " + print_duration(config.distribution.delay_ns) + " " +
            print_duration(config.distribution.jitter_ns);
  } else {
    text += print_duration(config.min_ns);
    if (config.max_ns != config.min_ns) text += " " + print_duration(config.max_ns);
  }
  if (config.packets != 0) text += fmt::format(" packets {}", config.packets);
  if (config.bytes != 0) text += " bytes " + print_size(config.bytes);
  return text;
}

TrafficClassChange read_ecn(StageTokens& tokens) {
  if (!tokens.take("bleach")) tokens.refuse_next("bleach");
  return {.mask = kEcnMask, .value = 0};
}

TrafficClassChange read_dscp(StageTokens& tokens) {
  return read_dscp_value(tokens);
}

std::string print_stage(TrafficClassChange change) {
  return change.mask == kEcnMask ? "ecn bleach" : print_dscp(change);
}

}  // namespace tunrelay
