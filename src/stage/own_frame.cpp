#include "stage/own_frame.hpp"

#include "base/ensure.hpp"
#include "packet/wire_segment.hpp"

namespace tunrelay {

bool make_own_frame(Packet& packet, StageOutput& output) noexcept {
  ensure(packet.run.count() == 1, "a frame of its own is made of one wire segment");
  const std::size_t bytes = wire_segment_bytes(packet, packet.run.first);
  const std::optional<FrameSpace> space = output.take_space(packet);
  if (!space) return false;
  copy_wire_segment(packet, packet.run.first, {space->frame, bytes});
  // The headers of a segment are as long as the whole packet's, so the layers stay.
  Packet own = packet;
  own.frame = space->frame;
  own.frame_bytes = static_cast<std::uint32_t>(bytes);
  own.buffer = space->buffer;
  own.queue = space->queue;
  own.run = {};
  own.header = {};
  own.ce_marked = false;  // the copy bears it
  output.adopt(own);
  output.retire(packet);
  packet = own;
  return true;
}

}  // namespace tunrelay
