# SPDX-License-Identifier: MIT
"""A packet in the hands of a stage."""

from __future__ import annotations

import builtins
import itertools
from threading import get_ident
from typing import TYPE_CHECKING, Any, Callable, Dict, NamedTuple, Optional

from ._errors import FrameError
from ._native import lib

if TYPE_CHECKING:
    from ._stage import Endpoint

# The decisions of bridge.h.
PASS = lib.TUNRELAY_BRIDGE_PASS
DROP = lib.TUNRELAY_BRIDGE_DROP
FINISH = lib.TUNRELAY_BRIDGE_FINISH
REPLACE = lib.TUNRELAY_BRIDGE_REPLACE
_MOST_BYTES = 65535 + 14 + 2 * 4

_ANSWERED = -1
_EXPIRED = -2


class Turn:
    """The frames that one call brings, with the memory in which they are."""

    __slots__ = ("endpoint", "decide", "thread", "chunk", "view", "replaced")

    def __init__(self, endpoint: Endpoint, decide: Callable[[int], None], thread: int, chunk: Any,
                 view: memoryview) -> None:
        self.endpoint = endpoint
        self.decide = decide
        self.thread = thread
        self.chunk = chunk
        self.view = view  # keeps the chunk's memory
        self.replaced: Dict[int, bytes] = {}


class KeptTurn:
    """The same of one frame that is held, with memory of its own, so that the chunk can go back."""

    __slots__ = ("endpoint", "decide", "thread", "view", "replaced", "record")

    def __init__(self, turn: Turn, view: memoryview, record: Record) -> None:
        self.endpoint = turn.endpoint
        self.decide = turn.decide
        self.thread = turn.thread
        self.view = view
        self.replaced: Dict[int, bytes] = {}
        self.record = record


class Record(NamedTuple):
    """What a tunrelay_bridge_record has."""

    offset: int
    length: int
    whole_length: int
    segments: int
    flags: int
    arrival_ns: int
    id: int


class Frame:
    """A packet, without any virtio-net header: an IP packet of a TUN, an Ethernet frame of a TAP.

    It is yours during the call that brings it: say pass_(), drop(), finish() or hold() of each.
    One of which nothing was said is dropped, as "let go". Whatever else is done with a frame that
    is not yours any more, or by another thread than the stage's, raises FrameError."""

    __slots__ = ("_turn", "_code", "_at")

    def __init__(self, turn: Turn, code: int, at: int) -> None:
        self._turn: Any = turn  # None: not the stage's any more
        self._code = code  # the decision that passes it
        self._at = at  # in its chunk

    # What becomes of it.

    def pass_(self) -> None:
        """On in the direction in which it came."""
        turn = self._turn
        if turn is None or turn.thread != get_ident():
            raise self._misuse(turn)
        self._turn = None
        code = self._code
        self._code = _ANSWERED
        if turn.replaced and code in turn.replaced:
            blobs = turn.endpoint._blobs
            turn.decide(code | REPLACE | len(blobs) << 32)
            blobs.append(turn.replaced.pop(code))
        else:
            turn.decide(code)

    def drop(self, reason: str) -> None:
        """Lost, and counted under REASON, a short text: few different ones."""
        turn = self._take()
        turn.decide(self._code | DROP | turn.endpoint._name_number(reason) << 32)
        self._code = _ANSWERED

    def finish(self) -> None:
        """Neither passed nor lost: it was for the stage, or others stand for it."""
        turn = self._take()
        turn.decide(self._code | FINISH)
        self._code = _ANSWERED

    def hold(self) -> Frame:
        """Stays yours after this call, until pass_(), drop() or finish(). Returns it; its bytes
        are copied, and may be written where the stage changes frames. A held frame that Python
        forgets is dropped, as "let go"."""
        turn = self._mine()
        if self.__class__ is not HeldFrame:
            record = self._record(turn)
            kept = memoryview(bytearray(self.bytes))
            view = kept if turn.endpoint._changes else kept.toreadonly()
            self._turn = KeptTurn(turn, view, Record(
                0, len(view), len(self), record.segments, record.flags, record.arrival_ns,
                record.id))
            self.__class__ = HeldFrame
        return self

    def hold_until(self, time_ns: int) -> None:
        """Held, and passed at TIME_NS (CLOCK_MONOTONIC, as now_ns has it)."""
        self._mine().endpoint._pass_at(time_ns, self.hold())

    # What it is.

    @property
    def bytes(self) -> memoryview:
        """The packet; for Access.WIRE_HEADERS its headers up to the payload. For
        Access.CHANGES_WIRE_SEGMENTS it may be written. The memory is the stage's own: a view that
        is kept stays readable; what is written to it after pass_() is lost."""
        turn = self._mine()
        replaced = turn.replaced.get(self._code)
        if replaced is not None:
            return memoryview(replaced)
        record = self._record(turn)
        return turn.view[record.offset : record.offset + record.length]

    def __bytes__(self) -> builtins.bytes:
        return bytes(self.bytes)

    def __len__(self) -> int:
        """The packet's length in bytes, payload included, whatever is shown of it."""
        turn = self._mine()
        replaced = turn.replaced.get(self._code)
        return self._record(turn).whole_length if replaced is None else len(replaced)

    @property
    def segments(self) -> int:
        """Wire segments; more than one: a super-packet."""
        return self._record(self._mine()).segments

    @property
    def checksum_pending(self) -> bool:
        """The TCP or UDP checksum is the pseudo-header's, to be completed by the device."""
        return bool(self._record(self._mine()).flags & lib.TUNRELAY_CHECKSUM_PENDING)

    @property
    def arrival_ns(self) -> int:
        """CLOCK_MONOTONIC, when the relay read it."""
        return self._record(self._mine()).arrival_ns

    @property
    def id(self) -> int:
        """The number of the packet that was read; the same in a capture."""
        return self._record(self._mine()).id

    # Changing it: for Access.CHANGES_WIRE_SEGMENTS.

    def replace(self, data: Any) -> None:
        """DATA (bytes, or what bytes() takes) in the packet's place. Raises FrameError where the
        stage may not change frames, ValueError for more bytes than a frame has."""
        turn = self._mine()
        if not turn.endpoint._changes:
            raise FrameError("the stage's access is not Access.CHANGES_WIRE_SEGMENTS")
        data = bytes(data)
        if not 0 < len(data) <= _MOST_BYTES:
            raise ValueError(f"a frame of {len(data)} bytes can't be: 1 to {_MOST_BYTES}")
        turn.replaced[self._code] = data

    def replace_start(self, old_bytes: int, new_start: Any) -> None:
        """NEW_START, which may be empty, takes the place of the first OLD_BYTES. Raises
        ValueError where the frame is shorter."""
        if old_bytes > len(self):
            raise ValueError(f"a frame of {len(self)} bytes has no start of {old_bytes}")
        self.replace(bytes(new_start) + self.bytes[old_bytes:])

    def scapy(self) -> Any:
        """The packet as scapy has it: IP, IPv6 or Ether. Needs scapy; what is changed goes back by
        frame.replace(packet)."""
        data = bytes(self.bytes)
        if self._mine().endpoint.site.is_ethernet:
            from scapy.layers.l2 import Ether

            return Ether(data)
        if data and data[0] >> 4 == 6:
            from scapy.layers.inet6 import IPv6

            return IPv6(data)
        from scapy.layers.inet import IP

        return IP(data)

    def __bool__(self) -> bool:
        """Whether it is still yours."""
        return self._turn is not None

    def __repr__(self) -> str:
        if self._turn is None:
            return "<tunrelay.Frame, answered>" if self._code == _ANSWERED else "<tunrelay.Frame, over>"
        return f"<tunrelay.Frame {self._record(self._turn).id}, {len(self)} bytes>"

    # How it is kept.

    def _record(self, turn: Any) -> Any:
        return turn.chunk.records[self._at]

    def _mine(self) -> Any:
        turn = self._turn
        if turn is None or turn.thread != get_ident():
            raise self._misuse(turn)
        return turn

    def _take(self) -> Any:
        turn = self._mine()
        self._turn = None
        if turn.replaced:
            turn.replaced.pop(self._code, None)
        return turn

    def _misuse(self, turn: Optional[Any]) -> FrameError:
        if turn is not None:
            return FrameError("a frame is used by the stage's thread alone: this is another one")
        if self._code == _ANSWERED:
            return FrameError("the frame was passed, dropped or finished already")
        return FrameError("the frame was kept after its turn; say frame.hold() to keep one")

    def _expire(self, code: int) -> None:
        """Its turn is over and nothing was said of it: CODE becomes of it."""
        turn = self._turn
        if turn is not None:
            self._turn = None
            turn.decide(self._code | code)
            self._code = _EXPIRED


class HeldFrame(Frame):
    """A frame that stays its stage's until it says what becomes of it."""

    __slots__ = ()

    def pass_(self) -> None:
        turn = self._mine()
        if turn.endpoint._changes:
            turn.replaced.setdefault(self._code, bytes(turn.view))
        super().pass_()

    def _record(self, turn: Any) -> Any:
        return turn.record

    def __del__(self) -> None:
        turn = self._turn
        if turn is not None:
            turn.endpoint._let_go(self._code)


def answer_all(frames: Any, code: int) -> None:
    """CODE for all that nothing was said of, but for those that are held."""
    for frame in frames:
        if frame._turn is not None and frame.__class__ is Frame:
            frame._expire(code)


def runs(records: Any, count: int) -> Any:
    """Yields (way, first, last) of the frames that came the same way one behind the other."""
    first = 0
    for way, group in itertools.groupby(records[at].way for at in range(count)):
        last = first + sum(1 for _ in group)
        yield way, first, last
        first = last
