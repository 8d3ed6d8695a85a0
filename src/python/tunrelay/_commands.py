# SPDX-License-Identifier: MIT
"""Commands in the tunnel's network. Those of a private network live in a PID namespace of their
own: what they leave running is killed with the tunnel, also when the program is killed."""

from __future__ import annotations

import errno
import os
import shlex
import signal
import subprocess
from typing import Any, Dict, List, Optional, Sequence, Union

from ._errors import UnsupportedError
from ._native import lib
from ._report import Report
from ._threads import CallThread

Command = Union[str, Sequence[str]]


def environment_of(report: Report) -> Dict[str, str]:
    """What commands find in their environment, as those of `tunrelay exec` do."""
    variables = {}
    for name, end in (("A", report.a), ("B", report.b)):
        variables[f"TUNRELAY_{name}_DEVICE"] = end.device
        variables[f"TUNRELAY_{name}_NETNS"] = end.netns
        if end.address:
            variables[f"TUNRELAY_{name}_ADDRESS"] = end.address
        if end.address6:
            variables[f"TUNRELAY_{name}_ADDRESS6"] = end.address6
    return variables


def arguments_of(command: Command, shell: bool) -> Any:
    """A text is split as a shell splits it, unless a shell gets it."""
    return shlex.split(command) if isinstance(command, str) and not shell else command


class Commands:
    """Of a private network where OWNER holds one; else they are plain children."""

    def __init__(self, owner: Optional[CallThread], environment: Dict[str, str]) -> None:
        self._owner = owner
        self._environment = environment
        self._thread: Optional[CallThread] = None
        self._first_pid = 0
        self._processes: List["subprocess.Popen[Any]"] = []

    def popen(self, command: Command, options: Dict[str, Any]) -> "subprocess.Popen[Any]":
        given = options.pop("env", None)
        options["env"] = {**(os.environ if given is None else given), **self._environment}
        arguments = arguments_of(command, options.get("shell", False))
        if self._owner is None:
            return subprocess.Popen(arguments, **options)
        if self._thread is None:
            self._begin()
        assert self._thread is not None

        def start() -> "subprocess.Popen[Any]":
            process = subprocess.Popen(arguments, **options)
            self._processes = [known for known in self._processes if known.returncode is None]
            self._processes.append(process)  # here: the caller may be interrupted meanwhile
            return process

        return self._thread.call(start)

    def run(self, command: Command, options: Dict[str, Any]) -> "subprocess.CompletedProcess[Any]":
        """As subprocess.run(), whose arguments OPTIONS has."""
        __tracebackhide__ = True  # of pytest: a command that failed is its caller's
        data, timeout = options.pop("input", None), options.pop("timeout", None)
        check = options.pop("check", False)
        if data is not None:
            options["stdin"] = subprocess.PIPE
        if options.pop("capture_output", False):
            options["stdout"] = options["stderr"] = subprocess.PIPE
        with self.popen(command, options) as process:
            try:
                output, errors = process.communicate(data, timeout=timeout)
            except BaseException:  # KeyboardInterrupt too
                process.kill()
                process.wait()
                raise
        if check and process.returncode != 0:
            raise subprocess.CalledProcessError(process.returncode, process.args, output, errors)
        return subprocess.CompletedProcess(process.args, process.returncode, output, errors)

    def _begin(self) -> None:
        assert self._owner is not None
        thread = CallThread("tunrelay-commands")

        def begin() -> None:
            first = lib.tunrelay_bridge_begin_children()
            if first < 0:
                raise UnsupportedError(
                    f"can't make a PID namespace for commands: {os.strerror(-first)}")
            self._first_pid = first

        self._owner.call(thread.start)  # which leads it into the network
        self._thread = thread
        thread.call(begin)

    def close(self) -> None:
        """Kills what still runs in a private network."""
        if self._thread is None:
            return
        self._thread.end()
        if self._first_pid > 0:
            self._end_children()
        self._thread = None

    def _end_children(self) -> None:
        os.kill(self._first_pid, signal.SIGKILL)
        # The first process is gone when the others are, and these when their parent has seen it.
        for process in self._processes:
            process.wait()
        try:
            os.waitpid(self._first_pid, 0)
        except OSError as error:
            if error.errno != errno.ECHILD:  # somebody else has waited for all children
                raise
