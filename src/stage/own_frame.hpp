// How a stage changes what it was given: a packet's bytes are shared by all its runs and copies,
// so one wire segment is made a frame of the stage's own first.
#pragma once

#include "stage/stage.hpp"

namespace tunrelay {

/// PACKET, whose run is one wire segment, becomes a frame in memory of its own, which may be
/// written: complete, its checksums computed, no GSO. The old run is
/// retired; pass or drop PACKET as ever. False when there is no memory (as much is held as may
/// be): PACKET is then as it was.
[[nodiscard]] bool make_own_frame(Packet& packet, StageOutput& output) noexcept;

}  // namespace tunrelay
