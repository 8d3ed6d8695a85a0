// SPDX-License-Identifier: MIT
#include "stage/queue_discipline.hpp"

#include "stage/codel.hpp"
#include "stage/pie.hpp"
#include "stage/red.hpp"

namespace tunrelay {

std::unique_ptr<QueueDiscipline> make_queue_discipline(const QueueConfig& config,
                                                       std::uint64_t seed) {
  switch (config.kind) {
    case QueueKind::kCodel:
      return std::make_unique<Codel>(config.target_ns, config.interval_ns);
    case QueueKind::kPie:
      return std::make_unique<Pie>(config.target_ns, config.interval_ns, seed);
    case QueueKind::kRed:
      return std::make_unique<Red>(config, seed);
    case QueueKind::kDropTail:
    case QueueKind::kDropHead:
    case QueueKind::kInfinite:
    case QueueKind::kFqCodel:
    case QueueKind::kDualPi2:
      break;
  }
  return std::make_unique<QueueDiscipline>();
}

}  // namespace tunrelay
