# SPDX-License-Identifier: MIT
"""A tunnel's counters and summary as dataclasses. Numbers are in base units, with the unit in the
name; `raw` has all that the program's --json has."""

from __future__ import annotations

import dataclasses
import json
from typing import Any, Dict, Optional, Tuple

from ._records import build


@dataclasses.dataclass(frozen=True)
class Tally:
    """So many packets as the relay reads and writes them, wire segments, and bytes."""

    packets: int = 0
    segments: int = 0
    bytes: int = 0


@dataclasses.dataclass(frozen=True)
class Lane:
    """One direction. read + made == written + queued + all that was dropped, in each of the three
    numbers; `dropped` is by reason."""

    read: Tally = Tally()
    made: Tally = Tally()
    written: Tally = Tally()
    queued: Tally = Tally()
    dropped: Dict[str, Tally] = dataclasses.field(default_factory=dict)
    queued_bytes_peak: int = 0
    queued_packets_peak: int = 0
    path_probes: int = 0
    balanced: bool = True

    @property
    def dropped_segments(self) -> int:
        """Wire segments that the relay dropped, for whatever reason."""
        return sum(tally.segments for tally in self.dropped.values())


@dataclasses.dataclass(frozen=True)
class End:
    """One of the two interfaces."""

    device: str = ""
    type: str = "tun"
    addresses: Tuple[str, ...] = ()
    netns: str = ""
    queue_dropped_packets: int = 0
    kernel_dropped_packets: int = 0

    @property
    def address(self) -> str:
        """Its first IPv4 address, or "" where it has none."""
        return next((a.split("/")[0] for a in self.addresses if ":" not in a), "")

    @property
    def address6(self) -> str:
        """Its first IPv6 address, or "" where it has none."""
        return next((a.split("/")[0] for a in self.addresses if ":" in a), "")


@dataclasses.dataclass(frozen=True)
class PathProof:
    """Whether probes have crossed; where not, `finding` says why."""

    proven: bool = False
    finding: str = ""
    checks: int = 0
    failed_checks: int = 0


@dataclasses.dataclass(frozen=True)
class LinkStage:
    """What one stage of the emulated link has done. `stage` is its text."""

    stage: str = ""
    taken: Tally = Tally()
    passed: Tally = Tally()
    dropped: Tally = Tally()
    dropped_by_reason: Dict[str, Tally] = dataclasses.field(default_factory=dict)
    queued: Tally = Tally()
    marked_segments: int = 0


@dataclasses.dataclass(frozen=True)
class LinkReport:
    """The emulated link; `seed` repeats its random numbers."""

    seed: int = 0
    a_to_b: Tuple[LinkStage, ...] = ()
    b_to_a: Tuple[LinkStage, ...] = ()


@dataclasses.dataclass(frozen=True)
class StageWay:
    """One way through an endpoint, in frames."""

    taken: int = 0
    taken_bytes: int = 0
    passed: int = 0
    dropped: int = 0
    finished: int = 0
    sent: int = 0
    refused: int = 0
    out_bytes: int = 0


@dataclasses.dataclass(frozen=True)
class StageEnd:
    """What the endpoints beside one device have done, over all queues: `dropped` by reason,
    `counted` what the stage counts itself."""

    from_device: StageWay = StageWay()
    from_link: StageWay = StageWay()
    dropped: Dict[str, int] = dataclasses.field(default_factory=dict)
    counted: Dict[str, int] = dataclasses.field(default_factory=dict)
    misuses: int = 0


@dataclasses.dataclass(frozen=True)
class StageReport:
    """A stage of the user's."""

    name: str = ""
    library: str = ""
    a: StageEnd = StageEnd()
    b: StageEnd = StageEnd()


@dataclasses.dataclass(frozen=True)
class CaptureReport:
    """A capture, as far as it is."""

    file: str = ""
    files: int = 0
    bytes: int = 0
    packets: int = 0
    lost_packets: int = 0
    filtered_packets: int = 0
    failure: str = ""


@dataclasses.dataclass(frozen=True)
class RecordReport:
    """A record, as far as it is: lines written for intervals, and their bytes; `failure` says why
    nothing is written any more."""

    file: str = ""
    intervals: int = 0
    bytes: int = 0
    failure: str = ""


@dataclasses.dataclass(frozen=True)
class Report:
    """All counters of a tunnel since it was ready; `event` is "counters", or "summary" after the
    end."""

    event: str = ""
    strategy: str = ""
    engine: str = ""
    queues: int = 1
    mtu_bytes: int = 0
    duration_ns: int = 0
    ready_after_ns: int = 0
    a: End = End()
    b: End = End()
    a_to_b: Lane = Lane()
    b_to_a: Lane = Lane()
    path: PathProof = PathProof()
    link: LinkReport = LinkReport()
    stages: Tuple[StageReport, ...] = ()
    capture: Optional[CaptureReport] = None
    record: Optional[RecordReport] = None
    repairs: int = 0
    notes: Tuple[str, ...] = ()
    raw: Dict[str, Any] = dataclasses.field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def from_json(cls, text: str) -> Report:
        """Of `tunrelay run --json`'s form. Raises ValueError for text that is none."""
        data = json.loads(text)
        return build(cls, {**data, "raw": data})
