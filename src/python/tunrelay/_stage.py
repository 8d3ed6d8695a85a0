# SPDX-License-Identifier: MIT
"""Stages of Python: derive from Endpoint, and give the class to a Tunnel or to replay().

    device a -- [endpoint a] ==== link: delay, loss, rate ... ==== [endpoint b] -- device b

The guide is docs/python.md; what holds for all stages stands in src/plugin/README.md."""

from __future__ import annotations

import collections
import dataclasses
import enum
import heapq
import itertools
from typing import Any, ClassVar, Deque, Dict, List, Optional, Sequence, Tuple, Type, Union

from ._frame import DROP, Frame
from ._native import lib

NEVER: int = (1 << 63) - 1


class Access(enum.IntEnum):
    """What a stage is given."""

    #: As the kernel has them: up to 64 KiB, checksums perhaps pending. Read only.
    SUPER_PACKETS = lib.TUNRELAY_LOOKS_AT_SUPER_PACKETS
    #: Each as it would stand on a wire, checksums complete. Read only.
    WIRE_SEGMENTS = lib.TUNRELAY_LOOKS_AT_WIRE_SEGMENTS
    #: The same; it may be changed. What goes over the link between the endpoints may then be of
    #: any form, what goes to a device must be a packet of its kind.
    CHANGES_WIRE_SEGMENTS = lib.TUNRELAY_CHANGES_WIRE_SEGMENTS
    #: The headers of each wire segment, up to the payload of TCP or UDP. Read only.
    WIRE_HEADERS = lib.TUNRELAY_LOOKS_AT_WIRE_HEADERS


class Pairs(enum.IntEnum):
    """How many pairs of endpoints there are."""

    EACH_QUEUE = lib.TUNRELAY_A_PAIR_EACH_QUEUE
    #: The tunnel then has one queue.
    ONE = lib.TUNRELAY_ONE_PAIR


@dataclasses.dataclass(frozen=True)
class Site:
    """Where an endpoint stands. end: "a" or "b"; mtu_bytes: at the start."""

    end: str
    queue: int = 0
    queues: int = 1
    is_ethernet: bool = False
    mtu_bytes: int = 1500


@dataclasses.dataclass(frozen=True)
class Stage:
    """A class of endpoints with the options that each is made with."""

    endpoint: Type[Endpoint]
    options: Dict[str, Any] = dataclasses.field(default_factory=dict)


StageLike = Union[Stage, "Type[Endpoint]"]


def as_stage(stage: StageLike) -> Stage:
    return stage if isinstance(stage, Stage) else Stage(stage)


class Endpoint:
    """One end of your stage, beside device a or b; as it stands here, it passes everything, at no
    cost: a function that is not overridden is not called.

    All functions of all stages of a tunnel run in one thread of Python. The relay does not wait
    for it: frames that come while Python is busy wait, up to `max_waiting` for each endpoint, and
    more are dropped and counted as "Python too slow". So packets of later batches can't overtake,
    but a stage that sleeps delays the packets that it takes.

    An exception goes to the tunnel (Tunnel(on_stage_error=...))."""

    #: What the stage is called in reports; the class's name if None.
    name: ClassVar[Optional[str]] = None
    access: ClassVar[Access] = Access.WIRE_SEGMENTS
    pairs: ClassVar[Pairs] = Pairs.EACH_QUEUE
    #: Frames that may wait for Python, or be held, an endpoint: 1 to 8192.
    max_waiting: ClassVar[int] = 4096
    #: Bytes of each frame that are copied for Python; for stages that look at headers alone.
    snap_bytes: ClassVar[int] = 1 << 20

    site: Site
    _decisions: List[int]
    _blobs: List[bytes]
    _bridge: Any

    def __init__(self, site: Site) -> None:
        """Options that the stage is given come as keyword arguments, in a class of yours."""
        self.site = site

    @classmethod
    def with_options(cls, **options: Any) -> Stage:
        """This stage, its endpoints made with OPTIONS: Arq.with_options(timeout_ms=5)."""
        return Stage(cls, options)

    # For you to override.

    def from_device(self, frames: Sequence[Frame], now_ns: int) -> None:
        """What the device's kernel sends, in order; pass_() leads to the link. now_ns:
        CLOCK_MONOTONIC, or the virtual time of a replay."""
        self.pass_all(frames)

    def from_link(self, frames: Sequence[Frame], now_ns: int) -> None:
        """Frames from the link; pass_() leads to the device."""
        self.pass_all(frames)

    def next_deadline_ns(self) -> int:
        """When at_deadline() is wanted; asked after each call of the endpoint."""
        return NEVER

    def at_deadline(self, now_ns: int) -> None:
        """The time of next_deadline_ns() has come."""

    # For you to call, within these functions.

    @staticmethod
    def pass_all(frames: Sequence[Frame]) -> None:
        for frame in frames:
            frame.pass_()

    def send_to_link(self, data: Any) -> None:
        """A frame of your own, with the bytes of DATA. Counted as `refused` in the report where it
        can't be sent: there is no memory for it."""
        self._send(lib.TUNRELAY_TO_LINK, data)

    def send_to_device(self, data: Any) -> None:
        """The same for the device; refused also when it is not a packet that fits the device."""
        self._send(lib.TUNRELAY_TO_DEVICE, data)

    def count(self, name: str, amount: int = 1) -> None:
        """A counter of your own in the tunnel's report; at most 32 names are counted apart."""
        self._counts[name] = self._counts.get(name, 0) + amount

    # How it is kept.

    def _attach(self, bridge: Any, number: int) -> None:
        self._bridge = bridge
        self._number = number
        self._changes = self.access == Access.CHANGES_WIRE_SEGMENTS
        self._decisions = []
        self._blobs = []
        self._counts: Dict[str, int] = {}
        self._names: Dict[str, int] = {}
        self._timed: List[Tuple[int, int, Frame]] = []
        self._timed_number = itertools.count()
        self._forgotten: Deque[int] = collections.deque()
        self._due_ns = NEVER

    def _name_number(self, name: str) -> int:
        number = self._names.get(name)
        if number is None:
            number = self._names[name] = self._bridge.name_number(name)
        return number

    def _send(self, towards: int, data: Any) -> None:
        self._bridge.check_thread()
        self._decisions.append(lib.TUNRELAY_BRIDGE_SEND | towards << 3 | len(self._blobs) << 32)
        self._blobs.append(bytes(data))

    def _pass_at(self, time_ns: int, frame: Frame) -> None:
        heapq.heappush(self._timed, (time_ns, next(self._timed_number), frame))

    def _pass_due(self, now_ns: int) -> None:
        while self._timed and self._timed[0][0] <= now_ns:
            frame = heapq.heappop(self._timed)[2]
            if frame:
                frame.pass_()

    def _let_go(self, code: int) -> None:
        """A held frame was forgotten. Any thread: that of the garbage collector's."""
        self._forgotten.append(code)

    def _collect_forgotten(self) -> None:
        while self._forgotten:
            self._decisions.append(
                self._forgotten.popleft() | DROP | self._name_number("let go") << 32)
