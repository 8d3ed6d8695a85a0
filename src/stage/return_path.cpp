// SPDX-License-Identifier: MIT
#include "stage/return_path.hpp"

#include "packet/parse.hpp"
#include "packet/wire_format.hpp"

namespace tunrelay {
namespace {

// Until the next turn of the worker; a stage that answers keeps its own limit.
constexpr std::size_t kMaxWaiting = 128;
constexpr std::size_t kMaxWaitingBytes = std::size_t{256} * 1024;

}  // namespace

ReturnPath::ReturnPath(const Site& site)
    : site_(site), source_(site.place), frames_(site.leads_nowhere ? 0 : kMaxWaitingBytes) {
  if (!site.leads_nowhere) waiting_.reserve(kMaxWaiting);
}

void ReturnPath::send(std::span<const std::byte> frame) noexcept {
  if (site_.leads_nowhere) return sent_.add(1);
  if (waiting_.size() == waiting_.capacity()) return;
  if (const auto place = frames_.put(frame)) waiting_.push_back(*place);
}

void ReturnPath::deliver(std::int64_t now_ns, StageOutput& output) noexcept {
  for (const WaitingFrames::Place& place : waiting_) {
    std::optional<Packet> packet = source_.make(frames_.bytes(place), now_ns, output);
    if (!packet) break;  // the queue memory is full
    if (const auto fault = parse(*packet, {site_.link_type, kMaxIpBytes})) {
      output.drop(*packet, *fault);
      continue;
    }
    sent_.add(1);
    output.pass(*packet);
  }
  waiting_.clear();
  frames_.clear();
}

}  // namespace tunrelay
