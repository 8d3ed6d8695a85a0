# SPDX-License-Identifier: MIT
"""What is measured across each peer."""

import dataclasses
from collections.abc import Callable

from measuring import load

# The peers that the others' ratios are to.
CONTROLS = ("veth", "loop")


@dataclasses.dataclass(frozen=True)
class Test:
    title: str
    unit: str
    scale: float  # of the figure, to the unit
    figure: str   # of the result, that is compared
    measure: Callable[[int, str, int], dict]  # (seconds, congestion control, the relay's process)
    is_tcp: bool = False
    less_is_better: bool = False


def _tcp(title, measure):
    return Test(title, "Gbit/s", 1e9, "bits_per_s", measure, is_tcp=True)


def _udp(payload_bytes):
    return Test(f"UDP, {payload_bytes:,} bytes", "kpps", 1e3, "packets_per_s",
                lambda seconds, _control, relay_pid: load.udp(payload_bytes, seconds, relay_pid))


TESTS = {
    "tcp-1": _tcp("TCP, 1 flow", lambda *how: load.tcp(1, *how)),
    "tcp-4": _tcp("TCP, 4 flows", lambda *how: load.tcp(4, *how)),
    "tcp-ipv6": _tcp("TCP, 1 flow, IPv6", lambda *how: load.tcp(1, *how, ends=load.IPV6)),
    "tcp-both": _tcp("TCP, both ways", load.tcp_both_ways),
    "udp-64": _udp(64),
    "udp-1400": _udp(1400),
    "ping": Test("round trip", "us", 1, "round_trip_us",
                 lambda _seconds, _control, _relay: load.round_trip(), less_is_better=True),
}
