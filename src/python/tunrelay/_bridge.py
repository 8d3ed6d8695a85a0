# SPDX-License-Identifier: MIT
"""The Python side of bridge.h: makes endpoints, gives them their frames, and replies."""

from __future__ import annotations

import itertools
import logging
import threading
import time
import traceback
from typing import Any, Callable, Dict, List, Optional, Sequence

from ._errors import FrameError, StageError
from ._frame import DROP, PASS, Frame, Turn, answer_all, runs
from ._native import ffi, lib
from ._stage import NEVER, Access, Endpoint, Site, Stage

_log = logging.getLogger("tunrelay")

_FROM_DEVICE, _FROM_LINK = lib.TUNRELAY_BRIDGE_FROM_DEVICE, lib.TUNRELAY_BRIDGE_FROM_LINK
# What was let go by another thread is looked for that often.
_HEARTBEAT_NS = 100_000_000
_MOST_TRACEBACKS = 10

ON_ERROR = ("pass", "drop", "stop")


def _overrides(kind: type, function: str) -> bool:
    return getattr(kind, function) is not getattr(Endpoint, function)


class StageBridge:
    """Made before the tunnel, closed after it."""

    def __init__(self, stages: Sequence[Stage], on_error: str,
                 on_failure: Callable[[StageError], None], is_synchronous: bool = False) -> None:
        if on_error not in ON_ERROR:
            raise ValueError(f"on_stage_error={on_error!r}: give one of {', '.join(ON_ERROR)}")
        self._stages = list(stages)
        self._on_error = on_error
        self._on_failure = on_failure
        self._failures = 0
        self._has_stopped = False
        self._is_synchronous = is_synchronous
        self._endpoints: Dict[int, Endpoint] = {}
        self.all_endpoints: List[Endpoint] = []
        self._done: List[Any] = []  # chunks that nothing of Python's looks at any more
        self._work = ffi.new("struct tunrelay_bridge_chunk*[]", lib.TUNRELAY_BRIDGE_MOST_WORK)
        self._thread: Optional[threading.Thread] = None
        self._thread_ident = 0
        self._is_closing = False
        self._handle = ffi.new_handle(self)
        calls = ffi.new("struct tunrelay_bridge_calls*")
        calls.handle = self._handle
        calls.create = lib.tunrelay_py_create
        calls.destroy = lib.tunrelay_py_destroy
        calls.turn = lib.tunrelay_py_turn
        self._native = lib.tunrelay_bridge_new(calls, is_synchronous)
        if self._native == ffi.NULL:
            raise MemoryError("no memory, or no descriptor, for the stages of Python")
        self._kept: List[Any] = []
        self.native_stages = ffi.new("struct tunrelay_built_in_stage[]", len(self._stages))
        for number, stage in enumerate(self._stages):
            self._describe(number, stage.endpoint)

    def _describe(self, number: int, kind: type) -> None:
        name = ffi.new("char[]", (kind.name or kind.__name__).encode())  # type: ignore[attr-defined]
        native = ffi.new("struct tunrelay_bridge_stage*")
        native.descriptor.name = name
        native.descriptor.access = kind.access  # type: ignore[attr-defined]
        native.descriptor.pairs = kind.pairs  # type: ignore[attr-defined]
        native.bridge = self._native
        native.number = number
        native.takes_from_device = _overrides(kind, "from_device")
        native.takes_from_link = _overrides(kind, "from_link")
        native.most_waiting = max(1, min(kind.max_waiting, 8192))  # type: ignore[attr-defined]
        native.snap_bytes = kind.snap_bytes  # type: ignore[attr-defined]
        if kind.access == Access.CHANGES_WIRE_SEGMENTS:  # type: ignore[attr-defined]
            native.snap_bytes = 1 << 20  # what is not shown can't be changed
        lib.tunrelay_bridge_describe(native)
        self.native_stages[number].descriptor = ffi.addressof(native, "descriptor")
        self.native_stages[number].context = native
        self._kept += [name, native]

    def name_number(self, name: str) -> int:
        return lib.tunrelay_bridge_name(self._native, name.encode())

    def check_thread(self) -> None:
        if threading.get_ident() != self._thread_ident:
            raise FrameError("an endpoint sends from within its own functions: this is another thread")

    # The life of endpoints, in the thread that opens, changes or closes the tunnel.

    def create(self, number: int, stage: int, site: Site) -> None:
        kind = self._stages[stage].endpoint
        endpoint = kind.__new__(kind)
        endpoint._attach(self, number)
        endpoint.site = site
        endpoint.__init__(site, **self._stages[stage].options)  # type: ignore[misc]
        endpoint._due_ns = 0  # its first deadline is asked for before the first frames
        self._endpoints[number] = endpoint
        self.all_endpoints.append(endpoint)

    def destroy(self, number: int) -> None:
        self._endpoints.pop(number, None)

    # The stages' thread.

    def start(self) -> None:
        self._thread = threading.Thread(target=self._serve, name="tunrelay-stages", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Once: the tunnel is gone."""
        self._is_closing = True
        if self._thread is not None:
            lib.tunrelay_bridge_interrupt(self._native)
            self._thread.join()
        self._endpoints.clear()
        # Chunks may still be looked at: the bridge stays until they are not.
        native, self._native = self._native, None
        self._kept.append(ffi.gc(native, lib.tunrelay_bridge_free))

    def _serve(self) -> None:
        self._thread_ident = threading.get_ident()
        replies: List[Any] = []
        while not self._is_closing:
            now_ns = time.monotonic_ns()
            due_ns = min((e._due_ns for e in list(self._endpoints.values())), default=NEVER)
            count = self._exchange(replies, min(due_ns, now_ns + _HEARTBEAT_NS))
            now_ns = time.monotonic_ns()
            busy = self._run_chunks(count, now_ns)
            for endpoint in list(self._endpoints.values()):
                if endpoint._due_ns <= now_ns or endpoint._forgotten:
                    busy[endpoint._number] = endpoint
            replies = [self._end_turn(endpoint, now_ns) for endpoint in busy.values()]

    def turn(self, number: int, now_ns: int) -> None:
        """Of a synchronous bridge: the endpoint's frames, and what is due."""
        self._thread_ident = threading.get_ident()
        endpoint = self._endpoints[number]
        self._run_chunks(self._exchange([], 0), now_ns)
        self._exchange([self._end_turn(endpoint, now_ns)], 0)

    def _exchange(self, replies: List[Any], deadline_ns: int) -> int:
        done = [self._done.pop() for _ in range(len(self._done))]
        given = ffi.new("struct tunrelay_bridge_reply[]", [reply[0] for reply in replies])
        return lib.tunrelay_bridge_exchange(
            self._native, given, len(replies), ffi.new("struct tunrelay_bridge_chunk*[]", done),
            len(done), deadline_ns, self._work)

    def _run_chunks(self, count: int, now_ns: int) -> Dict[int, Endpoint]:
        busy = {}
        for at in range(count):
            chunk = self._work[at]
            endpoint = self._endpoints.get(chunk.endpoint)
            if endpoint is None:
                self._done.append(chunk)
            else:
                busy[endpoint._number] = endpoint
                self._run_chunk(endpoint, chunk, now_ns)
        return busy

    def _run_chunk(self, endpoint: Endpoint, chunk: Any, now_ns: int) -> None:
        count = chunk.count
        # When the last view is gone, the chunk goes back; as long as there is one, so is the bridge.
        owner = ffi.gc(ffi.cast("uint8_t*", chunk.bytes), lambda _bytes: self._done.append(chunk))
        last = chunk.records[count - 1]
        view = memoryview(ffi.buffer(owner, last.offset + last.length))
        if not endpoint._changes:
            view = view.toreadonly()
        turn = Turn(endpoint, endpoint._decisions.append, self._thread_ident, chunk, view)
        frames = list(map(Frame, itertools.repeat(turn), ffi.unpack(chunk.decisions, count),
                          range(count)))
        ways = chunk.ways
        if ways == 1 << _FROM_DEVICE:
            self._give(endpoint, _FROM_DEVICE, frames, now_ns)
        elif ways == 1 << _FROM_LINK:
            self._give(endpoint, _FROM_LINK, frames, now_ns)
        else:
            for way, first, after in list(runs(chunk.records, count)):
                self._give(endpoint, way, frames[first:after], now_ns)

    def _give(self, endpoint: Endpoint, way: int, frames: List[Frame], now_ns: int) -> None:
        take = endpoint.from_device if way == _FROM_DEVICE else endpoint.from_link
        verdict = DROP | endpoint._name_number("let go") << 32
        if self._has_stopped:
            verdict = DROP | endpoint._name_number("stage stopped") << 32
        else:
            try:
                take(frames, now_ns)
            except BaseException as error:  # SystemExit too: the thread is all stages'
                verdict = self._fail(endpoint, take.__name__, error)
        answer_all(frames, verdict)

    def _end_turn(self, endpoint: Endpoint, now_ns: int) -> Any:
        try:
            if not self._has_stopped:
                endpoint._pass_due(now_ns)
                if endpoint.next_deadline_ns() <= now_ns:
                    endpoint.at_deadline(now_ns)
            due_ns = endpoint.next_deadline_ns()
        except BaseException as error:
            self._fail(endpoint, "at_deadline", error)
            # Not at once again, for ever: an endpoint that fails is asked after the next frames.
            due_ns = NEVER
        if endpoint._timed:
            due_ns = min(due_ns, endpoint._timed[0][0])
        endpoint._due_ns = NEVER if self._has_stopped else min(due_ns, NEVER)
        return self._reply(endpoint)

    def _reply(self, endpoint: Endpoint) -> Any:
        """The struct, and what it points to."""
        endpoint._collect_forgotten()
        decisions, blobs = endpoint._decisions, endpoint._blobs
        for name, amount in endpoint._counts.items():
            code = lib.TUNRELAY_BRIDGE_COUNT | endpoint._name_number(name) << 3
            for part in itertools.chain(itertools.repeat(0xFFFFFFFF, amount >> 32),
                                        (amount & 0xFFFFFFFF, amount >> 32)):
                decisions.append(code | part << 32)
        endpoint._counts.clear()
        c_decisions = ffi.new("uint64_t[]", decisions)
        c_bytes = ffi.from_buffer("uint8_t[]", b"".join(blobs) or b"\0")
        c_ends = ffi.new("uint32_t[]", list(itertools.accumulate(map(len, blobs))))
        reply = {"endpoint": endpoint._number, "decisions": c_decisions,
                 "decision_count": len(decisions), "bytes": c_bytes, "ends": c_ends,
                 "bytes_count": len(blobs),
                 "deadline_ns": endpoint._due_ns if self._is_synchronous else NEVER}
        # In place: turns have the lists' own functions.
        decisions.clear()
        blobs.clear()
        return reply, c_decisions, c_bytes, c_ends

    def _fail(self, endpoint: Endpoint, where: str, error: BaseException) -> int:
        """Books ERROR; what becomes of the frames of that call that nothing was said of."""
        self._failures += 1
        endpoint.count("exceptions")
        name = type(endpoint).name or type(endpoint).__name__
        text = "".join(traceback.format_exception(type(error), error, error.__traceback__))
        failure = StageError(f"the stage {name} has failed at end {endpoint.site.end}, in {where}: "
                             f"{type(error).__name__}: {error}", name, endpoint.site.end, where, text)
        failure.__cause__ = error.with_traceback(None)
        if self._failures <= _MOST_TRACEBACKS:
            _log.error("%s\n%s", failure, text)
            if self._failures == _MOST_TRACEBACKS:
                _log.error("further exceptions are counted alone")
            self._on_failure(failure)
        if self._on_error == "stop":
            self._has_stopped = True
        if self._on_error == "pass":
            return PASS
        return DROP | endpoint._name_number(f"exception: {type(error).__name__}") << 32


@ffi.def_extern(error=-1)
def tunrelay_py_create(handle: Any, endpoint: int, stage: int, site: Any, options: Any,
                       option_count: int, error: Any, error_bytes: int) -> int:
    try:
        ffi.from_handle(handle).create(endpoint, stage, Site(
            end="ab"[site.end], queue=site.queue, queues=site.queues,
            is_ethernet=bool(site.is_ethernet), mtu_bytes=site.mtu_bytes))
        return 0
    except Exception as exception:
        text = f"{type(exception).__name__}: {exception}".encode()[: error_bytes - 1] + b"\0"
        ffi.memmove(error, text, len(text))
        return -1


@ffi.def_extern()
def tunrelay_py_destroy(handle: Any, endpoint: int) -> None:
    ffi.from_handle(handle).destroy(endpoint)


@ffi.def_extern()
def tunrelay_py_turn(handle: Any, endpoint: int, now_ns: int) -> None:
    ffi.from_handle(handle).turn(endpoint, now_ns)
