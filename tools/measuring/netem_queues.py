# SPDX-License-Identifier: MIT
"""TCP across a bottleneck for tools/compare-netem: how long each segment waited, which were dropped
and which marked, by captures before and behind it, the same whoever the bottleneck is."""

import json
import tempfile
from pathlib import Path

import numpy

from measuring.netem_figures import by_runs
from measuring.netem_network import DEVICE, begin_tcp_with, capture, inside
from measuring.netem_probe import ETHERNET_BYTES, read_frames
from measuring.process import Failed, background, run, wait_until

HEADERS_BYTES = 40  # of IP and TCP, as far as they are looked at
DATA = "tcp and greater 1000"
CONGESTION_EXPERIENCED = 3
# Two runs of the same queue differ by about so much.
DELAY_TOLERANCE, DELAY_SLACK_NS = 0.3, 2_000_000
COUNT_TOLERANCE, COUNT_SLACK = 0.5, 20
RATE_TOLERANCE = 0.05


def _key(frames):
    """Ports, identification and sequence number, of which no two segments have the same."""
    packets = numpy.ascontiguousarray(frames[:, -HEADERS_BYTES:])

    def field(at, kind):
        width = numpy.dtype(kind).itemsize
        return numpy.ascontiguousarray(packets[:, at:at + width]).view(kind)[:, 0].astype("u8")

    return (field(20, ">u2") << 48) | (field(4, ">u2") << 32) | field(24, ">u4"), packets[:, 1] & 3


def crossing(before, behind):
    """{"delays_ns", "dropped", "marked", "segments_per_s"} of two captures. What was still under way at
    the end does not count as dropped: all that entered before the last that left counts."""
    entered_ns, frames = read_frames(before, HEADERS_BYTES)
    entered, ecn_before = _key(frames)
    left_ns, frames = read_frames(behind, HEADERS_BYTES + ETHERNET_BYTES)
    left, ecn_behind = _key(frames)
    if len(left) < 100:
        raise Failed(f"{len(left)} segments crossed the bottleneck")
    _, at_entry, at_exit = numpy.intersect1d(entered, left, return_indices=True)
    marked = ((ecn_behind[at_exit] == CONGESTION_EXPERIENCED)
              & (ecn_before[at_entry] != CONGESTION_EXPERIENCED))
    last_ns = entered_ns[at_entry].max()
    return {"delays_ns": left_ns[at_exit] - entered_ns[at_entry],
            "dropped": int((entered_ns <= last_ns).sum() - len(at_entry)),
            "marked": int(marked.sum()),
            "segments_per_s": len(left) * 1e9 / (left_ns.max() - left_ns.min())}


def _listens(namespace):
    return "5201" in run(inside(namespace, ["ss", "-Hltn"]))


def load(direction, control, marks, flows, seconds):
    """TCP from end to end, whose two captures are read."""
    for host in (direction.sender, direction.receiver):
        begin_tcp_with(host, control, marks)
    with tempfile.TemporaryDirectory() as folder:
        before, behind = Path(folder, "before"), Path(folder, "behind")
        with background(inside(direction.receiver, ["iperf3", "-s", "-1"])):
            wait_until(lambda: _listens(direction.receiver), "iperf3's server")
            with capture(direction.entry, direction.entry_device, before, DATA, HEADERS_BYTES,
                         only_in=False), \
                 capture(direction.receiver, DEVICE, behind, DATA,
                         HEADERS_BYTES + ETHERNET_BYTES):
                answer = json.loads(run(inside(direction.sender, [
                    "iperf3", "-J", "-c", direction.address, "-t", str(seconds), "-P",
                    str(flows)]), time_limit_s=seconds + 60))
        if "error" in answer:
            raise Failed(f"iperf3: {answer['error']}")
        return crossing(before, behind)


def figures(ours, kernel):
    """Of lists of what crossing() gives, a run each: medians over the runs."""
    def of_runs(value):
        return [[value(one) for one in side] for side in (ours, kernel)]

    for percent in (50, 95):
        yield by_runs(f"p{percent} of the delay",
                      *of_runs(lambda one, p=percent: numpy.percentile(one["delays_ns"], p)),
                      lambda value: f"{value / 1e6:.2f} ms", DELAY_TOLERANCE, DELAY_SLACK_NS)
    for what in ("dropped", "marked"):
        sides = of_runs(lambda one, key=what: float(one[key]))
        if any(map(any, sides)):
            yield by_runs(what, *sides, "{:.0f}".format, COUNT_TOLERANCE, COUNT_SLACK)
    yield by_runs("segments a second", *of_runs(lambda one: one["segments_per_s"]), "{:.0f}".format,
                  RATE_TOLERANCE)
