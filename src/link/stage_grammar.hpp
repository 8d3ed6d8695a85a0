// SPDX-License-Identifier: MIT
// The arguments after each stage's name: reading them and printing them, one pair a kind of stage.
// What is printed is read back as the same data.
#pragma once

#include <string>

#include "link/description.hpp"
#include "link/stage_tokens.hpp"

namespace tunrelay {

// Impairments: link/impairment_grammar.cpp.
[[nodiscard]] DelayDescription read_delay(StageTokens& tokens);
[[nodiscard]] LossConfig read_loss(StageTokens& tokens);
[[nodiscard]] DuplicateConfig read_duplicate(StageTokens& tokens);
[[nodiscard]] CorruptConfig read_corrupt(StageTokens& tokens);
[[nodiscard]] std::string print_stage(const DelayDescription& delay);
[[nodiscard]] std::string print_stage(const LossConfig& loss);
[[nodiscard]] std::string print_stage(const DuplicateConfig& duplicate);
[[nodiscard]] std::string print_stage(const CorruptConfig& corrupt);

/// Whether the next tokens are the name of a shape, which is then taken, with its file.
bool read_shape(StageTokens& tokens, DelayDescription& delay);
[[nodiscard]] std::string print_shape(JitterShape shape);

// What a link carries, and when: link/capacity_grammar.cpp.
[[nodiscard]] BottleneckDescription read_bottleneck(StageTokens& tokens,
                                                    BottleneckDescription::Pace pace);
[[nodiscard]] MtuConfig read_mtu(StageTokens& tokens);
[[nodiscard]] OutageConfig read_outage(StageTokens& tokens);
[[nodiscard]] std::string print_stage(const BottleneckDescription& bottleneck);
[[nodiscard]] std::string print_stage(const MtuConfig& mtu);
[[nodiscard]] std::string print_stage(const OutageConfig& outage);

/// Whether the next token begins an argument of what stands around packets, which is then taken.
bool read_wire_token(StageTokens& tokens, WireSize& wire);
/// With a blank before each argument; those of DEFAULTS are left out.
[[nodiscard]] std::string print_wire(const WireSize& wire, const WireSize& defaults);

// What is done to traffic otherwise: link/conditioning_grammar.cpp.
[[nodiscard]] PolicerConfig read_policer(StageTokens& tokens);
[[nodiscard]] SlotDescription read_slot(StageTokens& tokens);
[[nodiscard]] TrafficClassChange read_ecn(StageTokens& tokens);
[[nodiscard]] TrafficClassChange read_dscp(StageTokens& tokens);
[[nodiscard]] std::string print_stage(const PolicerConfig& policer);
[[nodiscard]] std::string print_stage(const SlotDescription& slot);
[[nodiscard]] std::string print_stage(TrafficClassChange change);

// A link's queue: link/queue_grammar.cpp.
/// What may stand there, for a refusal.
[[nodiscard]] std::string queue_tokens();
/// Whether the next token begins an argument of a queue, which is then taken.
bool read_queue_token(StageTokens& tokens, QueueConfig& queue);
/// Refuses what was read where its parts do not go together.
void check_queue(const StageTokens& tokens, const QueueConfig& queue);
/// With a blank before each argument.
[[nodiscard]] std::string print_queue(const QueueConfig& queue);

}  // namespace tunrelay
