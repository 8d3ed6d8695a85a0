# SPDX-License-Identifier: MIT
"""A tunnel at work in the network namespace of this process, and what it says at its end."""

import contextlib
import json
import signal
import subprocess
import time

from measuring.peers import TUNRELAY
from measuring.process import Failed


class Tunnel:
    """`tunrelay run` with FLAGS. `ready_ms` is known at once; `summary` and `restored_ms` once it
    was ended by stop()."""

    def __init__(self, flags):
        begun = time.monotonic()
        # pylint: disable-next=consider-using-with
        self._process = subprocess.Popen([str(TUNRELAY), "run", "--json", *flags],
                                         stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self._wait_for("ready")
        self.ready_ms = 1000 * (time.monotonic() - begun)
        self.summary = None
        self.restored_ms = None

    @property
    def pid(self):
        return self._process.pid

    def stop(self):
        if self.summary is None:
            requested = time.monotonic()
            self._process.send_signal(signal.SIGTERM)
            self.summary = self._wait_for("summary")
            self._process.wait()
            self.restored_ms = 1000 * (time.monotonic() - requested)
        return self.summary

    def kill(self):
        self._process.kill()
        self._process.wait()
        self._process.stdout.close()
        self._process.stderr.close()

    def _wait_for(self, name):
        for line in self._process.stdout:
            event = json.loads(line)
            if event["event"] == name:
                return event
        raise Failed(f"tunrelay never said {name}: {self._process.stderr.read()}")


@contextlib.contextmanager
def tunnel(*flags):
    at_work = Tunnel(flags)
    try:
        yield at_work
        at_work.stop()
    finally:
        at_work.kill()
