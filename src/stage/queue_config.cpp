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
  }
  return config;
}

}  // namespace tunrelay
