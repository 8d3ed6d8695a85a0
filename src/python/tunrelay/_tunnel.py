# SPDX-License-Identifier: MIT
"""A tunnel held by a Python program."""

from __future__ import annotations

import json
import os
import subprocess
import threading
from typing import (Any, Callable, Dict, Iterable, List, Optional, Sequence, Set, Tuple, Type,
                    TypeVar, Union)

from ._bridge import StageBridge
from ._commands import Command, Commands, environment_of
from ._errors import StageError, UsageError, check, text_of
from ._events import Event, Events
from ._lifetime import device_descriptors, enter_user_namespace, open_tunnels
from ._link import Link
from ._native import ffi, lib
from ._observe import Observed
from ._options import CTexts, Text, option_pairs
from ._report import End, Report
from ._stage import Endpoint, StageLike, as_stage
from ._threads import TunnelThread, run_in_new_thread

Result = TypeVar("Result")
Mine = TypeVar("Mine", bound=Endpoint)


class Tunnel(Observed):
    """Two interfaces, joined by a relay, and what their packets meet on the way.

        with tunrelay.Tunnel(a_to_b="delay 20ms, loss 1%") as tunnel:
            tunnel.run("ping -c 3 192.168.13.2")

    It is open, and its path is proven, when the constructor returns; close() or the end of `with`
    puts the host back as it was. All functions may be called by any thread.

    Raises UsageError, UnsupportedError (this host can't) or TunnelError: all is as before then.
    The options are the flags of `tunrelay run`, with `_` for `-`, and their texts."""

    _is_closed: bool
    _native: Any
    _descriptors: Set[int]

    def __init__(
        self,
        *,
        private_network: bool = True,
        stages: Iterable[StageLike] = (),
        on_stage_error: str = "pass",
        on_event: Optional[Callable[[Event], None]] = None,
        janitor: Optional[bool] = None,
        a_to_b: Optional[str] = None,
        b_to_a: Optional[str] = None,
        link: Optional[Text] = None,
        seed: Optional[int] = None,
        scenario: Optional[Text] = None,
        queue_memory: Optional[str] = None,
        stage: Union[None, Text, Sequence[Text]] = None,
        device_a: Optional[str] = None,
        device_b: Optional[str] = None,
        address_a: Union[None, str, Sequence[str]] = None,
        address_b: Union[None, str, Sequence[str]] = None,
        type: Optional[str] = None,
        mtu: Optional[int] = None,
        txqueuelen: Optional[int] = None,
        strategy: Optional[str] = None,
        netns_a: Optional[str] = None,
        netns_b: Optional[str] = None,
        congestion_control: Optional[str] = None,
        state_dir: Optional[Text] = None,
        queues: Union[None, int, str] = None,
        engine: Optional[str] = None,
        cpus: Union[None, str, Sequence[int]] = None,
        offload: Union[None, bool, str] = None,
        coalesce: Union[None, bool, str] = None,
        busy_poll: Optional[str] = None,
        min_wait: Optional[str] = None,
        capture: Optional[Text] = None,
        capture_filter: Optional[str] = None,
        capture_snaplen: Union[None, int, str] = None,
        capture_segments: Optional[str] = None,
        capture_buffer: Optional[str] = None,
        capture_rotate_size: Optional[str] = None,
        capture_rotate_time: Optional[str] = None,
        capture_files: Optional[int] = None,
        record: Optional[Text] = None,
        record_interval: Optional[str] = None,
        mahimahi_log: Optional[Text] = None,
        flows: bool = False,
        flows_limit: Optional[int] = None,
        path_check_interval: Optional[str] = None,
        control_socket: Optional[Text] = None,
        metrics: Union[None, int, Text] = None,
        sandbox: Optional[str] = None,
        user: Optional[str] = None,
        trace: bool = False,
        config: Optional[Text] = None,
        **more: Any,
    ) -> None:
        """private_network: in a network of its own, which is gone afterwards and touches the host's
        nowhere; the program itself stays where it is. Else in the network of the calling thread.
        An ordinary user's program that has one thread becomes root of a user namespace for it.

        stages: of Python, classes derived from Endpoint or what their with_options() returns; the
        first is next to the devices. `stage` names libraries, as the flag does.
        on_stage_error: what becomes of the frames of a stage's call that raised an exception:
        "pass", "drop", or "stop" (they and all later ones; the end of `with` raises StageError).
        on_event: called by the tunnel's thread; see events.
        user: only whose the process is already; a program changes its own user itself.
        janitor: a child that restores the host when we are killed; a private network needs none.
        None: if the program has one thread now, which that takes."""
        options = {name: value for name, value in locals().items() if name not in _NOT_OPTIONS}
        options.update(more)
        #: What happens to the tunnel: iterate, `async for`, get(), or fileno().
        self.events = Events(on_event)
        #: The emulated link: set(), show(), clear(), stop_scenario().
        self.link = Link(self)
        #: The exceptions of stages, the first ten.
        self.stage_errors: List[StageError] = []
        self._is_private = private_network
        self._on_stage_error = on_stage_error
        self._pid = os.getpid()
        self._native = None
        self._is_closed = False
        self._last_report = Report()
        self._last_summary = ""
        self._lock = threading.Lock()  # of close()
        self._handle = ffi.new_handle(self)
        self._bridge: Optional[StageBridge] = None
        self._thread = TunnelThread(self)
        made = [as_stage(item) for item in stages]
        if made:
            self._bridge = StageBridge(made, on_stage_error, self._note_stage_error)
        try:
            self._open(option_pairs(options), janitor)
        except BaseException:  # KeyboardInterrupt too, whatever stands by then
            self._is_closed = True
            self._end()
            raise

    def _open(self, pairs: List[Tuple[str, str]], janitor: Optional[bool]) -> None:
        before = device_descriptors()
        if self._is_private:
            if os.geteuid() != 0:
                enter_user_namespace()
            self._thread.start()
            self._thread.call(lambda: self._open_here(pairs, lib.TUNRELAY_PRIVATE_NETWORK |
                                                      lib.TUNRELAY_PRIVATE_THREAD))
        else:
            if janitor is None:
                janitor = len(os.listdir("/proc/self/task")) == 1
            self._open_here(pairs, 0 if janitor else lib.TUNRELAY_NO_JANITOR)
            self._thread.start()
        self._descriptors = device_descriptors() - before
        open_tunnels.add(self)
        if self._bridge is not None:
            self._thread.call(self._bridge.start)
        report = self.report()
        self._ends = (report.a, report.b)
        self._commands = Commands(self._thread if self._is_private else None,
                                  environment_of(report))

    def _open_here(self, pairs: List[Tuple[str, str]], flags: int) -> None:
        text = CTexts()
        options = ffi.new("struct tunrelay_option[]",
                          [(text(key), text(value)) for key, value in pairs])
        setup = ffi.new("struct tunrelay_tunnel_setup*")
        setup.abi_version = lib.TUNRELAY_TUNNEL_ABI_VERSION
        setup.flags = flags
        setup.options = options
        setup.option_count = len(pairs)
        if self._bridge is not None:
            setup.stages = self._bridge.native_stages
            setup.stage_count = len(self._bridge.native_stages)
        setup.on_event = lib.tunrelay_py_event
        setup.context = self._handle
        opened = ffi.new("struct tunrelay_tunnel**")
        check(lib.tunrelay_tunnel_open(setup, opened))
        self._native = opened[0]

    def _attend(self) -> None:
        reason = ffi.new("uint32_t*")
        if self._native is not None:
            check(lib.tunrelay_tunnel_attend(self._native, 0, reason))

    def _note_stage_error(self, error: StageError) -> None:
        self.stage_errors.append(error)
        self.events.put("stage", f"{error}\n{error.traceback_text}")

    # Looking at it.
    @property
    def a(self) -> End:
        """Device a, as it was at the start: a.device, a.address, a.address6, a.netns."""
        return self._ends[0]

    @property
    def b(self) -> End:
        """Device b."""
        return self._ends[1]

    def fileno(self) -> int:
        """That of events."""
        return self.events.fileno()

    def report(self) -> Report:
        """All counters; after close() the summary."""
        if self._is_closed:
            return self._last_report
        return Report.from_json(self._in_thread(lambda: self._text(lib.tunrelay_tunnel_report_json)))

    counters = report

    def summary(self) -> str:
        """The report as the program prints it."""
        if self._is_closed:
            return self._last_summary
        return self._in_thread(lambda: self._text(lib.tunrelay_tunnel_report_text))

    def check_path(self) -> bool:
        """Sends probes across: whether they arrived, both ways. Takes seconds while it is
        broken; report().path.finding then says why."""
        proven = ffi.new("int*")
        self._in_thread(lambda: check(lib.tunrelay_tunnel_check_path(self._native, proven)))
        return bool(proven[0])

    def endpoints(self, kind: Type[Mine]) -> List[Mine]:
        """The endpoints of that class: of each queue at end a and b, in the order in which they
        were made; a changed link has new ones, after the former."""
        made = [] if self._bridge is None else self._bridge.all_endpoints
        return [endpoint for endpoint in made if isinstance(endpoint, kind)]

    # Changing it.

    def request(self, method: str, fd: int = -1, **fields: Any) -> Dict[str, Any]:
        """A request as at the management socket: "show", "set", ... See src/control."""
        text = json.dumps({"method": method, **fields}).encode()

        def ask() -> str:
            answer = ffi.new("char**")
            check(lib.tunrelay_tunnel_request(self._native, text, fd, answer))
            return text_of(answer[0])

        return json.loads(self._in_thread(ask))

    # Using it.

    def popen(self, command: Command, **options: Any) -> "subprocess.Popen[Any]":
        """subprocess.Popen() in the tunnel's network, of a list or of a text that is split as by a
        shell. It finds TUNRELAY_A_ADDRESS, TUNRELAY_B_DEVICE, ... in its environment. In a private
        network it sees its own kind alone in /proc, and is killed with the tunnel."""
        self._refuse_closed()
        return self._commands.popen(command, options)

    def run(self, command: Command, **options: Any) -> "subprocess.CompletedProcess[Any]":
        """subprocess.run() there: with check, capture_output, text, timeout (seconds), input."""
        __tracebackhide__ = True
        self._refuse_closed()
        return self._commands.run(command, options)

    def call(self, function: Callable[..., Result], *arguments: Any, **named: Any) -> Result:
        """FUNCTION's result, called in the tunnel's network by a thread of its own. A socket that
        it makes belongs there, whoever uses it: sock = tunnel.call(socket.socket)."""
        self._refuse_closed()
        return run_in_new_thread(self._thread if self._is_private else None,
                                 lambda: function(*arguments, **named))

    # Ending it.

    def close(self) -> None:
        """Ends the relay and puts the host back as it was. Raises TunnelError for what could not
        be put back. Closing it again is nothing."""
        if self._pid != os.getpid():
            return
        with self._lock:
            if self._is_closed:
                return
            self._is_closed = True
            try:
                self._commands.close()
                self._thread.call(self._stop_here)
            finally:
                self._end()

    def _end(self) -> None:
        if self._thread.is_started:
            self._thread.call(self._free_here)
            self._thread.end()
        else:
            self._free_here()
        if self._bridge is not None:
            self._bridge.close()
        self.events.close()
        open_tunnels.discard(self)

    def _stop_here(self) -> None:
        try:
            check(lib.tunrelay_tunnel_stop(self._native))
        finally:
            self._last_report = Report.from_json(self._text(lib.tunrelay_tunnel_report_json))
            self._last_summary = self._text(lib.tunrelay_tunnel_report_text)

    def _free_here(self) -> None:
        native, self._native = self._native, None
        if native is not None:
            lib.tunrelay_tunnel_close(native)

    def __enter__(self) -> Tunnel:
        return self

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        self.close()
        if self._on_stage_error == "stop" and self.stage_errors and error is None:
            raise self.stage_errors[0]

    def __repr__(self) -> str:
        state = "closed" if self._is_closed else f"{self.a.device} <-> {self.b.device}"
        return f"<tunrelay.Tunnel {state}>"

    # How it is kept.

    def _refuse_closed(self) -> None:
        if self._pid != os.getpid():
            raise UsageError("the tunnel belongs to the process that has forked this one")
        if self._is_closed:
            raise UsageError("the tunnel is closed")

    def _in_thread(self, function: Callable[[], Result]) -> Result:
        self._refuse_closed()
        return self._thread.call(function)

    def _text(self, report: Any) -> str:
        text = ffi.new("char**")
        check(report(self._native, text))
        return text_of(text[0])


_NOT_OPTIONS = {"self", "private_network", "stages", "on_stage_error", "on_event", "janitor", "more"}


@ffi.def_extern()
def tunrelay_py_event(context: Any, kind: Any, text: Any) -> None:
    ffi.from_handle(context).events.put(text_of(kind), text_of(text))
