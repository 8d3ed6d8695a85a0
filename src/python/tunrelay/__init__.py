# SPDX-License-Identifier: MIT
"""tunrelay: two TUN/TAP interfaces of one Linux host, joined by a relay that emulates a link.

    import tunrelay

    with tunrelay.Tunnel(a_to_b="delay 20ms, loss 1%") as tunnel:
        tunnel.run("ping -c 3 192.168.13.2")
        print(tunnel.report().a_to_b.dropped_segments)

Stages of your own: Endpoint. In virtual time, without root: replay(). Results of `tunrelay bench`:
load(). With pytest: the fixture `tunnel`. The guide is docs/python.md."""

from ._errors import FrameError, StageError, TunnelError, UnsupportedError, UsageError, text_of
from ._events import Event, Events
from ._frame import Frame
from ._lifetime import enter_user_namespace
from ._link import Link, LinkText
from ._native import lib as _lib
from ._observe import Capture, Record
from ._packets import Packet, read_packets, write_packets
from ._replay import Replayed, replay
from ._report import (CaptureReport, End, Lane, LinkReport, LinkStage, PathProof, RecordReport,
                      Report, StageEnd, StageReport, StageWay, Tally)
from ._stage import NEVER, Access, Endpoint, Pairs, Site, Stage
from ._tunnel import Tunnel
from .results import Result, load

__version__ = text_of(_lib.tunrelay_version())

__all__ = [
    "NEVER", "Access", "Capture", "CaptureReport", "End", "Endpoint", "Event", "Events", "Frame",
    "FrameError", "Lane", "Link", "LinkReport", "LinkStage", "LinkText", "Packet", "Pairs",
    "PathProof", "Record", "RecordReport", "Replayed", "Report", "Result", "Site", "Stage", "StageEnd",
    "StageError", "StageReport", "StageWay", "Tally", "Tunnel", "TunnelError", "UnsupportedError",
    "UsageError", "enter_user_namespace", "load", "read_packets", "replay", "write_packets",
]
