# SPDX-License-Identifier: MIT
"""Stages over the packets of a file, in virtual time: no device, no root, no clock. The same file,
link, seed and stages give the same output, bit for bit."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import tempfile
from typing import Any, Dict, Iterable, Iterator, List, Optional, Sequence, Tuple, Union

from ._bridge import StageBridge
from ._errors import StageError, check, text_of
from ._native import ffi, lib
from ._options import CTexts, Text, option_pairs
from ._packets import Packet, read_packets, write_packets
from ._records import build
from ._report import LinkReport, StageReport, Tally
from ._stage import Stage, StageLike, as_stage

Input = Union[Text, Sequence[Packet], Sequence[bytes]]


@dataclasses.dataclass(frozen=True)
class Replayed:
    """What a replay has done. packets: what came out at the device that the input's packets go to;
    answers: what came out at the other one, with stages; endpoints: those of stages of Python,
    end a first. read + made == written + queued + all that was dropped."""

    read: Tally = Tally()
    made: Tally = Tally()
    written: Tally = Tally()
    queued: Tally = Tally()
    dropped: Dict[str, Tally] = dataclasses.field(default_factory=dict)
    cut_packets: int = 0
    disordered_packets: int = 0
    duration_ns: int = 0
    link: LinkReport = LinkReport()
    stages: Tuple[StageReport, ...] = ()
    raw: Dict[str, Any] = dataclasses.field(default_factory=dict, repr=False, compare=False)
    packets: Tuple[Packet, ...] = ()
    answers: Tuple[Packet, ...] = ()
    endpoints: Tuple[Any, ...] = dataclasses.field(default=(), repr=False, compare=False)


@contextlib.contextmanager
def _files(packets: Input, output: Optional[Text]) -> Iterator[Tuple[str, str]]:
    with tempfile.TemporaryDirectory(prefix="tunrelay-") as folder:
        path = os.path.join(folder, "in.pcap")
        if isinstance(packets, (str, os.PathLike)):
            path = os.fspath(packets)
        else:
            write_packets(path, packets)
        yield path, os.path.join(folder, "out.pcapng") if output is None else os.fspath(output)


def replay(
    packets: Input,
    stages: Union[StageLike, Iterable[StageLike]] = (),
    *,
    output: Optional[Text] = None,
    a_to_b: Optional[str] = None,
    b_to_a: Optional[str] = None,
    link: Optional[Text] = None,
    seed: Optional[int] = None,
    scenario: Optional[Text] = None,
    stage: Union[None, Text, Sequence[Text]] = None,
    direction: str = "a_to_b",
    on_stage_error: str = "raise",
) -> Replayed:
    """Takes PACKETS through STAGES and a link: a pcap or pcapng file, or a list of Packets or of
    bytes (a millisecond apart), of raw IP packets or all of Ethernet frames. They enter at device a
    (direction "b_to_a": at b). output: the pcapng file to write; None: none stays. stage: libraries,
    as for a Tunnel.

    After the last packet virtual time goes on while stages have packets in hand, for 60 s at most.

    Raises UsageError for what can't be, and, with on_stage_error "raise", the StageError of the
    first exception in a stage; "pass", "drop" and "stop" are a Tunnel's."""
    if direction not in ("a_to_b", "b_to_a"):
        raise ValueError(f"direction={direction!r}: give a_to_b or b_to_a")
    given: List[StageLike] = (
        [stages] if isinstance(stages, (Stage, type)) else list(stages))  # type: ignore[list-item]
    errors: List[StageError] = []
    bridge = StageBridge([as_stage(item) for item in given],
                         "stop" if on_stage_error == "raise" else on_stage_error, errors.append,
                         is_synchronous=True)
    pairs = option_pairs(
        {"a_to_b": a_to_b, "b_to_a": b_to_a, "link": link, "seed": seed, "scenario": scenario,
         "stage": stage})
    text = CTexts()
    try:
        with _files(packets, output) as (source, target):
            options = ffi.new("struct tunrelay_option[]",
                              [(text(key), text(value)) for key, value in pairs])
            setup = ffi.new("struct tunrelay_replay_setup*")
            setup.abi_version = lib.TUNRELAY_TUNNEL_ABI_VERSION
            setup.direction = 0 if direction == "a_to_b" else 1
            setup.input, setup.output = text(source), text(target)
            setup.options, setup.option_count = options, len(pairs)
            setup.stages, setup.stage_count = bridge.native_stages, len(given)
            report = ffi.new("char**")
            check(lib.tunrelay_replay(setup, report))
            data = json.loads(text_of(report[0]))
            out = read_packets(target)
    finally:
        bridge.close()
    if errors and on_stage_error == "raise":
        raise errors[0]
    return dataclasses.replace(build(Replayed, data), raw=data,
                               packets=tuple(p for p in out if p.interface == 0),
                               answers=tuple(p for p in out if p.interface == 1),
                               endpoints=tuple(bridge.all_endpoints))
