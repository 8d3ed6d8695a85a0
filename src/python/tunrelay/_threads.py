# SPDX-License-Identifier: MIT
"""Threads that live in the tunnel's network: the one that holds the tunnel, and the one whose
children are the commands. Namespaces are a thread's own in Linux, so that the rest of the program
stays where it is."""

from __future__ import annotations

import collections
import concurrent.futures
import os
import select
import threading
from typing import TYPE_CHECKING, Any, Callable, Deque, Optional, Tuple, TypeVar

from ._native import lib

if TYPE_CHECKING:
    from ._tunnel import Tunnel

Result = TypeVar("Result")
Call = Tuple["concurrent.futures.Future[Any]", Callable[[], Any]]


class CallThread:
    """A thread that does what others request, one after the other."""

    def __init__(self, name: str) -> None:
        self._calls: Deque[Call] = collections.deque()
        self._read_fd, self._write_fd = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        self._is_ending = False
        self.is_started = False
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        self.is_started = True
        self._thread.start()

    def call(self, function: Callable[[], Result]) -> Result:
        """FUNCTION's result, or what it raises. Any thread."""
        if threading.current_thread() is self._thread:
            return function()
        future: "concurrent.futures.Future[Result]" = concurrent.futures.Future()
        self._calls.append((future, function))
        self._ring()
        return future.result()

    def end(self) -> None:
        """When all that was requested is done. Not from this thread."""
        self._is_ending = True
        self._ring()
        self._thread.join()
        os.close(self._read_fd)
        os.close(self._write_fd)

    def watched(self) -> Tuple[int, ...]:
        """Descriptors at which look() is wanted; for who derives."""
        return ()

    def look(self) -> None:
        """One is readable."""

    def _ring(self) -> None:
        try:
            os.write(self._write_fd, b"!")
        except BlockingIOError:
            pass

    def _run(self) -> None:
        while not (self._is_ending and not self._calls):
            self._do_calls()
            watched = self.watched()
            poll = select.poll()
            for fd in (self._read_fd, *watched):
                poll.register(fd, select.POLLIN)
            heard = {fd for fd, _ in poll.poll()}
            if self._read_fd in heard:
                try:
                    os.read(self._read_fd, 4096)
                except BlockingIOError:
                    pass
            if heard & set(watched):
                self.look()

    def _do_calls(self) -> None:
        while self._calls:
            future, function = self._calls.popleft()
            try:
                future.set_result(function())
            except BaseException as error:  # the caller's to handle
                future.set_exception(error)


class TunnelThread(CallThread):
    """Holds the tunnel, and attends to it."""

    def __init__(self, tunnel: Tunnel) -> None:
        super().__init__("tunrelay-tunnel")
        self._tunnel = tunnel

    def watched(self) -> Tuple[int, ...]:
        native = self._tunnel._native
        fd = -1 if native is None else lib.tunrelay_tunnel_fd(native)
        return () if fd < 0 or self._tunnel._is_closed else (fd,)

    def look(self) -> None:
        self._tunnel._attend()


def run_in_new_thread(starter: Optional[CallThread], function: Callable[[], Result]) -> Result:
    """FUNCTION in a thread of its own that STARTER starts, and so in its network; null: here."""
    if starter is None:
        return function()
    future: "concurrent.futures.Future[Result]" = concurrent.futures.Future()

    def work() -> None:
        try:
            future.set_result(function())
        except BaseException as error:
            future.set_exception(error)

    starter.call(threading.Thread(target=work, daemon=True).start)
    return future.result()
