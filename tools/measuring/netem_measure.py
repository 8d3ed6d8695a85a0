# SPDX-License-Identifier: MIT
"""Measures a row of tools/compare-netem, in the network namespace of this process: what was seen
goes to files of numpy's, a line of JSON each."""

import contextlib
import json
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy

from measuring import netem_queues, netem_rows
from measuring.netem_network import DEVICE, DIRECTIONS, capture, network
from measuring.netem_probe import ETHERNET_BYTES, observe, send_from
from measuring.process import Failed

SIDES = ("ours", "kernel")


def queue_of(name):
    """(Queue, flows, whether it marks) of a row's name, such as "codel, dctcp, 4 flows"."""
    kind, control, flows = name.split(", ")
    queue = next(queue for queue in netem_rows.QUEUES if queue.kind == kind)
    return queue, int(flows.split()[0]), netem_rows.CONTROLS[control]


class _Turns:
    """Each side once in each direction; who begins changes. Of a control both sides are ours."""

    def __init__(self, net, options):
        self.net = net
        self._options, self._turn, self._row = options, 0, None

    def sides(self):
        self._turn += 1
        return SIDES if self._turn % 2 else reversed(SIDES)

    def link(self, side, direction, stages, qdiscs, back=None):
        if side == "ours" or self._options.control:
            seed = self._options.seed + (1000 * self._turn if side == "kernel" else self._turn)
            return self.net.stages(direction, stages, seed, back)
        return self.net.qdiscs(direction, qdiscs, back)

    def report(self, way, side, arrays, counts):
        path = self._options.samples / f"{self._turn}-{way}-{side}.npz"
        numpy.savez(path, **arrays)
        self.say({"way": way, "side": side, "file": str(path), "counts": counts})

    def say(self, answer):
        print(json.dumps({"row": self._row, **answer}), flush=True)

    @contextlib.contextmanager
    def of(self, row):
        """What is said until the end of the block is of ROW; after a failure the next one has its
        turn."""
        self._row = row
        try:
            yield
            self.say({})
        except Failed as error:
            self.say({"error": str(error)})


def _seen(row, direction, side, load):
    """What arrives of LOAD."""
    at_tunnel = row.at_tunnel and side == "ours"
    place = ((direction.exit, direction.exit_device) if at_tunnel
             else (direction.receiver, DEVICE))
    head_bytes = 0 if at_tunnel else ETHERNET_BYTES
    length = load.ip_bytes + head_bytes
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "seen")
        with capture(*place, path, f"len == {length}", length):
            send_from(direction.sender, direction.address, load)
            time.sleep(netem_rows.ROOM_S)
        return observe(path, load, head_bytes)


def _measure_model(row, turns, options):
    load = replace(row.load, packets=min(row.load.packets, options.packets or row.load.packets))
    for way, direction in DIRECTIONS.items():
        for side in turns.sides():
            with turns.link(side, direction, row.ours, [f"root netem limit 100000 {row.kernel}"]):
                with turns.net.no_other_loss(direction, damages=row.at_tunnel):
                    seen = _seen(row, direction, side, load)
            turns.report(way, side, seen, {"sent": load.packets})


def _measure_queue(name, turns, options):
    queue, flows, marks = queue_of(name)
    control = name.split(", ")[1]
    for number in range(options.rounds):
        way = list(DIRECTIONS)[number % 2]
        for side in turns.sides():
            with turns.link(side, DIRECTIONS[way], netem_rows.queue_stage(queue, marks),
                            netem_rows.queue_qdiscs(queue, marks), netem_rows.BASE_DELAY):
                seen = netem_queues.load(DIRECTIONS[way], control, marks, flows,
                                         options.seconds)
            turns.report(way, side, {"delays_ns": seen.pop("delays_ns")}, seen)


def measure(options):
    """The rows OPTIONS.inside of the section OPTIONS.sections, one after the other. Raises
    Failed."""
    (section,) = options.sections
    with network() as net:
        turns = _Turns(net, options)
        for name in options.inside.split(";"):
            with turns.of(name):
                if section == "queues":
                    _measure_queue(name, turns, options)
                else:
                    (row,) = (row for row in netem_rows.MODELS[section]() if row.name == name)
                    _measure_model(row, turns, options)
