// SPDX-License-Identifier: MIT
#include "stage/queue_discipline.hpp"

#include "stage/codel.hpp"
#include "stage/pie.hpp"

namespace tunrelay {
namespace {

std::int64_t or_default(std::int64_t asked_ns, std::int64_t default_ns) {
  return asked_ns == 0 ? default_ns : asked_ns;
}

}  // namespace

std::unique_ptr<QueueDiscipline> make_queue_discipline(const QueueConfig& config,
                                                       std::uint64_t seed) {
  switch (config.kind) {
    case QueueKind::kCodel:
      return std::make_unique<Codel>(or_default(config.target_ns, kCodelTargetNs),
                                     or_default(config.interval_ns, kCodelIntervalNs));
    case QueueKind::kPie:
      return std::make_unique<Pie>(or_default(config.target_ns, kPieTargetNs),
                                   or_default(config.interval_ns, kPieUpdateNs), seed);
    case QueueKind::kDropTail:
      break;
  }
  return std::make_unique<QueueDiscipline>();
}

}  // namespace tunrelay
