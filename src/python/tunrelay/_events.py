# SPDX-License-Identifier: MIT
"""What happens to a running tunnel: a queue with one descriptor, which is readable while events
wait, for select, poll and asyncio."""

from __future__ import annotations

import collections
import dataclasses
import os
import select
import threading
import time
from typing import AsyncIterator, Callable, Deque, Iterator, Optional


@dataclasses.dataclass(frozen=True)
class Event:
    """kind: "note", "broken", "repaired", "gone" or "stage" (an exception in a stage); text: a
    sentence, or the traceback; time_ns: CLOCK_MONOTONIC."""

    kind: str
    text: str
    time_ns: int


class Events:
    """Iterate over it (it waits for the next event, and ends with the tunnel), `async for` over
    it, or ask with get(). Each event is given once. Any thread."""

    _MOST = 10_000  # that wait; the oldest are lost first

    def __init__(self, on_event: Optional[Callable[[Event], None]] = None) -> None:
        self._on_event = on_event
        self._waiting: Deque[Event] = collections.deque(maxlen=self._MOST)
        self._lock = threading.Lock()
        self._closed = False
        self._read_fd, self._write_fd = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)

    def fileno(self) -> int:
        """A descriptor that is readable while events wait, and once the tunnel has ended."""
        return self._read_fd

    def get(self, timeout_s: Optional[float] = None) -> Optional[Event]:
        """The next event; None when none came in TIMEOUT_S seconds (0: a look; None: no limit), or
        the tunnel has ended."""
        deadline = None if timeout_s is None else time.monotonic() + timeout_s
        poll = select.poll()
        poll.register(self._read_fd, select.POLLIN)
        while True:
            with self._lock:
                if self._waiting:
                    event = self._waiting.popleft()
                    if not self._waiting and not self._closed:
                        self._drain()
                    return event
                if self._closed:
                    return None
            left = None if deadline is None else max(0.0, deadline - time.monotonic())
            if not poll.poll(None if left is None else left * 1000) and left is not None:
                return None

    def __iter__(self) -> Iterator[Event]:
        while True:
            event = self.get()
            if event is None:
                return
            yield event

    async def __aiter__(self) -> AsyncIterator[Event]:
        import asyncio  # most users need none

        loop = asyncio.get_running_loop()
        while True:
            event = self.get(0)
            if event is not None:
                yield event
                continue
            if self._closed:
                return
            readable = loop.create_future()
            loop.add_reader(self._read_fd, readable.cancel)
            try:
                await asyncio.wait([readable])
            finally:
                loop.remove_reader(self._read_fd)

    def _drain(self) -> None:
        try:
            os.read(self._read_fd, 64)
        except BlockingIOError:
            pass

    def _ring(self) -> None:
        try:
            os.write(self._write_fd, b"!")
        except BlockingIOError:
            pass

    def put(self, kind: str, text: str) -> None:
        """The tunnel's: an event has happened."""
        event = Event(kind, text, time.monotonic_ns())
        with self._lock:
            if self._closed:
                return
            if not self._waiting:
                self._ring()
            self._waiting.append(event)
        if self._on_event is not None:
            self._on_event(event)

    def close(self) -> None:
        """The tunnel's: there will be no more. Those that wait can still be had."""
        with self._lock:
            if not self._closed:
                self._closed = True
                self._ring()

    def __del__(self) -> None:
        os.close(self._read_fd)
        os.close(self._write_fd)
