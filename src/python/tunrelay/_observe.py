# SPDX-License-Identifier: MIT
"""Captures and records of a running tunnel."""

from __future__ import annotations

import os
from typing import Any, Dict, Generic, Optional, Type, TypeVar

from ._options import Text
from ._records import build
from ._report import CaptureReport, RecordReport

Report = TypeVar("Report")
Mine = TypeVar("Mine", bound="Observation[Any]")


class Observation(Generic[Report]):
    """What writes a file while the tunnel runs; ends with `with`, or close()."""

    _name: str
    _kind: Type[Report]

    def __init__(self, tunnel: Observed) -> None:
        self._tunnel = tunnel

    def report(self) -> Report:
        """What was written so far."""
        return self._ask("report")

    def close(self) -> Report:
        """Ends it: the file is complete. Returns what was written."""
        return self._ask("stop")

    def _ask(self, what: str) -> Report:
        answer = self._tunnel.request(f"{self._name}_{what}")
        return build(self._kind, answer[self._name])

    def __enter__(self: Mine) -> Mine:
        return self

    def __exit__(self, *error: Any) -> None:
        self.close()


class Capture(Observation[CaptureReport]):
    """A capture that runs."""

    _name = "capture"
    _kind = CaptureReport


class Record(Observation[RecordReport]):
    """A record that is written."""

    _name = "record"
    _kind = RecordReport


class Observed:
    """What a tunnel writes to files while it runs."""

    def request(self, method: str, fd: int = -1, **fields: Any) -> Dict[str, Any]:
        """A request as at the management socket."""
        raise NotImplementedError

    def capture(self, file: Text, filter: str = "", snap_bytes: int = 256 * 1024,
                wire_segments: bool = False) -> Capture:
        """Writes what arrives and leaves from now on to a pcapng FILE, until the Capture is closed
        or the tunnel is. FILTER is tcpdump's. Raises TunnelError while there is another one, OSError
        for the file."""
        with open(file, "wb") as opened:
            self.request("capture_start", opened.fileno(), file=os.fspath(file), filter=filter,
                         snap_bytes=snap_bytes, wire_segments=wire_segments)
        return Capture(self)

    def record(self, file: Text, interval_s: Optional[float] = None) -> Record:
        """Writes what the link does from now on, a line of JSON for each interval (seconds; None:
        that of `--record-interval`), to a regular FILE, until the Record is closed or the tunnel is.
        `tunrelay report` shows it. Raises TunnelError while there is another one, OSError for the
        file."""
        fields = {} if interval_s is None else {"interval_ns": round(interval_s * 1e9)}
        with open(file, "wb") as opened:
            self.request("record_start", opened.fileno(), file=os.fspath(file), **fields)
        return Record(self)
