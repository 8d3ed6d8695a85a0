# SPDX-License-Identifier: MIT
"""A tunnel at work in the network namespace of this process, and what it says at its end."""

import contextlib
import json
import queue
import signal
import subprocess
import tempfile
import threading
import time

from measuring.peers import TUNRELAY
from measuring.process import Failed


class Tunnel:
    """`tunrelay run` with FLAGS. `ready_ms` is known at once; `summary` and `restored_ms` once it
    was ended by stop()."""

    def __init__(self, flags):
        begun = time.monotonic()
        # pylint: disable-next=consider-using-with
        self._errors = tempfile.TemporaryFile(mode="w+", encoding="utf-8")
        # pylint: disable-next=consider-using-with
        self._process = subprocess.Popen([str(TUNRELAY), "run", "--json", *flags],
                                         stdout=subprocess.PIPE, stderr=self._errors, text=True)
        self._awaited = queue.SimpleQueue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
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
        self._reader.join()
        self._process.stdout.close()
        self._errors.close()

    def _read(self):
        # A long run says more than a pipe holds, of which only these are waited for.
        for line in self._process.stdout:
            event = json.loads(line)
            if event["event"] in ("ready", "summary"):
                self._awaited.put(event)
        self._awaited.put(None)

    def _wait_for(self, name):
        while event := self._awaited.get():
            if event["event"] == name:
                return event
        self._errors.seek(0)
        raise Failed(f"tunrelay never said {name}: {self._errors.read()}")


@contextlib.contextmanager
def tunnel(*flags):
    at_work = Tunnel(flags)
    try:
        yield at_work
        at_work.stop()
    finally:
        at_work.kill()
