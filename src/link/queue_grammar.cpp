// SPDX-License-Identifier: MIT
// The arguments of a link that say what waits before it: the queue's limit, kind and parameters.
#include <fmt/format.h>

#include <array>

#include "base/exact_units.hpp"
#include "link/stage_grammar.hpp"

namespace tunrelay {
namespace {

constexpr std::uint64_t kMaxLimitPackets = 60'000;
constexpr std::uint64_t kMaxLimitBytes = std::uint64_t{1} << 40U;
constexpr std::uint32_t kMaxFlows = 65'536;
constexpr std::uint32_t kMinQuantum = 256;
constexpr std::uint32_t kMaxQuantum = 1 << 20;
const char* const kLimit = "1000 packets, 64KiB or 100ms";

/// Which parameters a kind of queue has, by whether the field of each is set.
struct Kind {
  QueueKind kind;
  std::string_view name;
  bool has_delay = false;    ///< target, interval, ecn
  bool has_flows = false;    ///< flows, quantum
  bool has_average = false;  ///< min, max, probability
  bool has_limit = true;
  bool has_step = false;  ///< step; ECN, without which it is not
};
constexpr std::array<Kind, 8> kKinds{
    {{QueueKind::kDropTail, "droptail"},
     {QueueKind::kCodel, "codel", true},
     {QueueKind::kPie, "pie", true},
     {QueueKind::kFqCodel, "fq_codel", true, true},
     {QueueKind::kDropHead, "drophead"},
     {QueueKind::kInfinite, "infinite", false, false, false, false},
     {QueueKind::kRed, "red", true, false, true},
     {QueueKind::kDualPi2, "dualpi2", true, false, false, true, true}}};

const Kind& kind_of(const QueueConfig& queue) {
  return kKinds.at(static_cast<std::size_t>(queue.kind));
}

/// "codel, pie": the kinds that have what HAS says.
std::string kinds_with(bool Kind::*has) {
  std::string text;
  for (const Kind& kind : kKinds)
    if (kind.*has) text += (text.empty() ? "" : ", ") + std::string(kind.name);
  return text;
}

bool ends_with_any(const std::string& text, std::initializer_list<std::string_view> ends) {
  for (const std::string_view end : ends)
    if (text.ends_with(end)) return true;
  return false;
}

/// `1000 packets`, `64KiB`, `100ms`: the unit says what is counted, and a bare number nothing.
void read_limit(StageTokens& tokens, QueueConfig& queue) {
  StageTokens number = tokens;
  const std::string text = tokens.take_token(kLimit).text;
  if (tokens.take("packets")) {
    queue.limit_unit = QueueLimitUnit::kPackets;
    queue.limit = number.take_count(kLimit, 1, kMaxLimitPackets);
  } else if (ends_with_any(text, {"s", "S"})) {
    queue.limit_unit = QueueLimitUnit::kNanoseconds;
    queue.limit = static_cast<std::uint64_t>(number.take_duration(kLimit));
    if (queue.limit == 0)
      number.refuse_last("no packet could wait", std::string("write ") + kLimit);
  } else if (ends_with_any(text, {"b", "B", "k", "K", "M", "G"})) {
    queue.limit_unit = QueueLimitUnit::kBytes;
    queue.limit = number.take_size(kLimit, 1, kMaxLimitBytes);
  } else {
    tokens.refuse_last(fmt::format("'{}' does not say what it counts", text),
                       std::string("write ") + kLimit);
  }
}

bool read_kind(StageTokens& tokens, QueueConfig& queue) {
  for (const Kind& kind : kKinds) {
    if (!tokens.take(kind.name)) continue;
    queue.kind = kind.kind;
    return true;
  }
  return false;
}

std::string print_limit(const QueueConfig& queue) {
  switch (queue.limit_unit) {
    case QueueLimitUnit::kPackets:
      return fmt::format("{} packets", queue.limit);
    case QueueLimitUnit::kBytes:
      return print_size(queue.limit);
    case QueueLimitUnit::kNanoseconds:
      break;
  }
  return print_duration(static_cast<std::int64_t>(queue.limit));
}

}  // namespace

std::string queue_tokens() {
  std::string text = "limit";
  for (const Kind& kind : kKinds) text += ", " + std::string(kind.name);
  return text + ", target, interval, ecn, flows, quantum, min, max, probability, step";
}

bool read_queue_token(StageTokens& tokens, QueueConfig& queue) {
  if (tokens.take("limit"))
    read_limit(tokens, queue);
  else if (tokens.take("ecn"))
    queue.ecn = true;
  else if (tokens.take("target"))
    queue.target_ns = tokens.take_duration("a time such as 5ms");
  else if (tokens.take("interval"))
    queue.interval_ns = tokens.take_duration("a time such as 100ms");
  else if (tokens.take("flows"))
    queue.flows = static_cast<std::uint32_t>(tokens.take_count("a count of flows", 1, kMaxFlows));
  else if (tokens.take("quantum"))
    queue.quantum_bytes = static_cast<std::uint32_t>(
        tokens.take_size("a size such as 1514", kMinQuantum, kMaxQuantum));
  else if (tokens.take("step"))
    queue.step_ns = tokens.take_duration("a time such as 1ms");
  else if (tokens.take("min"))
    queue.min_bytes = tokens.take_size("a size such as 15K", 1, kMaxLimitBytes);
  else if (tokens.take("max"))
    queue.max_bytes = tokens.take_size("a size such as 45K", 1, kMaxLimitBytes);
  else if (tokens.take("probability"))
    queue.probability = tokens.take_ratio("a percentage such as 2%");
  else
    return read_kind(tokens, queue);
  return true;
}

void check_queue(const StageTokens& tokens, const QueueConfig& queue) {
  const Kind& kind = kind_of(queue);
  const auto refuse = [&](bool is_set, const char* parameters, bool Kind::*has) {
    if (!is_set || kind.*has) return;
    const std::string kinds = kinds_with(has);
    tokens.refuse_last(fmt::format("{} are for {}", parameters, kinds),
                       "write one of these: " + kinds);
  };
  refuse(queue.ecn || queue.target_ns != 0 || queue.interval_ns != 0, "ecn, target and interval",
         &Kind::has_delay);
  refuse(queue.flows != 0 || queue.quantum_bytes != 0, "flows and quantum", &Kind::has_flows);
  refuse(queue.min_bytes != 0 || queue.max_bytes != 0 || queue.probability != 0,
         "min, max and probability", &Kind::has_average);
  refuse(queue.step_ns != 0, "steps", &Kind::has_step);
  refuse(queue.limit != 0, "limits", &Kind::has_limit);
  if (queue.ecn && kind.has_step) tokens.refuse_last("dualpi2 always marks", "leave ecn out");
  if (queue.max_bytes != 0 && (queue.min_bytes == 0 || queue.max_bytes <= queue.min_bytes))
    tokens.refuse_last("max must be over min", "write min 15K max 45K");
}

std::string print_queue(const QueueConfig& queue) {
  std::string text;
  if (queue.limit != 0) text += " limit " + print_limit(queue);
  if (queue.kind != QueueKind::kDropTail) text += " " + std::string(kind_of(queue).name);
  if (queue.target_ns != 0) text += " target " + print_duration(queue.target_ns);
  if (queue.interval_ns != 0) text += " interval " + print_duration(queue.interval_ns);
  if (queue.flows != 0) text += fmt::format(" flows {}", queue.flows);
  if (queue.quantum_bytes != 0) text += " quantum " + print_size(queue.quantum_bytes);
  if (queue.step_ns != 0) text += " step " + print_duration(queue.step_ns);
  if (queue.min_bytes != 0) text += " min " + print_size(queue.min_bytes);
  if (queue.max_bytes != 0) text += " max " + print_size(queue.max_bytes);
  if (queue.probability != 0) text += " probability " + print_ratio(queue.probability);
  if (queue.ecn) text += " ecn";
  return text;
}

}  // namespace tunrelay
