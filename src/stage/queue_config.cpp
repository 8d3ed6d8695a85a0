// SPDX-License-Identifier: MIT
#include "stage/queue_config.hpp"

namespace tunrelay {
namespace {

void set_default(std::int64_t& value_ns, std::int64_t default_ns) noexcept {
  if (value_ns == 0) value_ns = default_ns;
}

}  // namespace

QueueConfig with_defaults(QueueConfig config) noexcept {
  if (config.limit == 0) {
    config.limit_unit = QueueLimitUnit::kPackets;
    config.limit = default_limit_packets(config.kind);
  }
  switch (config.kind) {
    case QueueKind::kDropTail:
    case QueueKind::kDropHead:
    case QueueKind::kInfinite:
      break;
    case QueueKind::kFqCodel:
      if (config.flows == 0) config.flows = kFqCodelFlows;
      if (config.quantum_bytes == 0) config.quantum_bytes = kFqCodelQuantumBytes;
      [[fallthrough]];
    case QueueKind::kCodel:
      set_default(config.target_ns, kCodelTargetNs);
      set_default(config.interval_ns, kCodelIntervalNs);
      break;
    case QueueKind::kPie:
      set_default(config.target_ns, kPieTargetNs);
      set_default(config.interval_ns, kPieUpdateNs);
      break;
    case QueueKind::kDualPi2:
      set_default(config.target_ns, kDualPi2TargetNs);
      set_default(config.interval_ns, kDualPi2UpdateNs);
      set_default(config.step_ns, kDualPi2StepNs);
      break;
    case QueueKind::kRed:
      set_default(config.target_ns, kRedTargetNs);
      set_default(config.interval_ns, kRedIntervalNs);
      break;
  }
  return config;
}

bool has_same_rules(const QueueConfig& left, QueueConfig right) noexcept {
  right.limit = left.limit;
  right.limit_unit = left.limit_unit;
  return left == right;
}

}  // namespace tunrelay
