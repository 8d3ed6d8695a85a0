#!/usr/bin/python3 -B
# SPDX-License-Identifier: MIT
"""What tools/compare-netem calls the same and what it doesn't, on samples whose difference is known,
and how it reads captures."""

import struct
import sys
import tempfile
import unittest
from pathlib import Path

import numpy

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))

# pylint: disable=wrong-import-position
from measuring import netem_figures as figures  # noqa: E402
from measuring import netem_page, netem_probe, netem_queues  # noqa: E402

PACKETS = 20_000
MS = 1_000_000


def side(delays_ns, numbers=None, sent=PACKETS):
    numbers = numpy.arange(len(delays_ns)) if numbers is None else numbers
    delays = numpy.asarray(delays_ns, "i8")
    return {"sent": sent, "number": numbers, "delay_ns": delays,
            "arrival_ns": numbers * MS + delays, "damaged": numpy.zeros(len(delays), bool)}


def without(lost):
    numbers = numpy.flatnonzero(~lost)
    return side(numpy.zeros(len(numbers)), numbers)


def gilbert(random, to_bad, to_good):
    lost, bad = numpy.zeros(PACKETS, bool), False
    for at, drawn in enumerate(random.random(PACKETS)):
        bad = drawn >= to_good if bad else drawn < to_bad
        lost[at] = bad
    return lost


class FiguresTest(unittest.TestCase):
    def setUp(self):
        self.random = numpy.random.default_rng(3)

    def verdicts(self, found):
        return {figure["figure"].partition(",")[0]: figure["same"] for figure in found}

    def uniform(self, low, high):
        return side(self.random.uniform(low * MS, high * MS, PACKETS))

    def test_delays(self):
        ours = self.uniform(60, 140)
        self.assertTrue(figures.distribution(ours, self.uniform(60, 140))[0]["same"])
        self.assertFalse(figures.distribution(ours, self.uniform(60, 145))[0]["same"])
        normal = side(self.random.normal(100 * MS, 23 * MS, PACKETS))
        self.assertFalse(figures.distribution(ours, normal)[0]["same"])

    def test_a_constant_delay(self):
        ours = self.uniform(100, 101)
        self.assertTrue(all(f["same"] for f in figures.constant(ours, self.uniform(100, 101.2))))
        self.assertFalse(figures.constant(ours, self.uniform(103, 104))[0]["same"])

    def test_neighbours_that_follow_each_other(self):
        def following(weight):
            fresh = self.random.normal(0, 5 * MS, PACKETS)
            for at in range(1, PACKETS):
                fresh[at] += weight * fresh[at - 1]
            return side(100 * MS + fresh)

        self.assertTrue(figures.correlation(following(0.5), following(0.5))[0]["same"])
        self.assertFalse(figures.correlation(following(0.5), following(0.4))[0]["same"])

    def test_losses(self):
        ours = without(self.random.random(PACKETS) < 0.05)
        alike = figures.losses(ours, without(self.random.random(PACKETS) < 0.05))
        self.assertEqual(len(alike), 4)
        self.assertTrue(all(figure["same"] for figure in alike), alike)
        more = self.verdicts(figures.losses(ours, without(self.random.random(PACKETS) < 0.07)))
        self.assertFalse(more["lost"])

    def test_losses_of_the_same_rate_in_bursts(self):
        ours = without(self.random.random(PACKETS) < 0.0909)
        found = self.verdicts(figures.losses(ours, without(gilbert(self.random, 0.01, 0.1))))
        self.assertFalse(found["mean run"])
        self.assertFalse(found["run lengths"])
        self.assertFalse(found["gap lengths"])
        alike = figures.losses(*(without(gilbert(self.random, 0.01, 0.1)) for _ in range(2)))
        self.assertTrue(all(figure["same"] for figure in alike), alike)

    def test_run_lengths(self):
        decisions = numpy.array([1, 1, 0, 1, 0, 0, 0, 1, 1, 0], bool)
        self.assertEqual(list(figures.run_lengths(decisions, True)), [1, 2])
        self.assertEqual(list(figures.run_lengths(decisions, False)), [1, 3])

    def test_copies(self):
        def twice(ratio):
            copied = numpy.flatnonzero(self.random.random(PACKETS) < ratio)
            numbers = numpy.sort(numpy.concatenate([numpy.arange(PACKETS), copied]))
            return side(numpy.zeros(len(numbers)), numbers)

        self.assertTrue(figures.duplicates(twice(0.05), twice(0.05))[0]["same"])
        self.assertFalse(figures.duplicates(twice(0.05), twice(0.07))[0]["same"])

    def test_slots(self):
        def opened(low, high):
            opens = numpy.cumsum(self.random.uniform(low * MS, high * MS, 300))
            numbers = numpy.arange(int(opens[-1] // MS))
            until = opens[numpy.searchsorted(opens, numbers * MS)]
            return side(until - numbers * MS, numbers)

        self.assertTrue(all(f["same"] for f in figures.slots(opened(20, 60), opened(20, 60))))
        self.assertFalse(figures.slots(opened(20, 60), opened(30, 50))[0]["same"])

    def test_what_the_page_says(self):
        self.assertEqual(netem_page.verdict_of({"same": True}, "why"), "same")
        self.assertEqual(netem_page.verdict_of({"same": False}, "why"), "differs on purpose: why")
        self.assertEqual(netem_page.verdict_of({"same": False}, ""), "differs")


def checksum(data):
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return total ^ 0xffff


def datagram(load, number, sent_ns, source=b"\x0a\x05\x01\x01"):
    payload = netem_probe.PAYLOAD.pack(number, sent_ns)
    payload += bytes(load.payload_bytes - len(payload))
    addresses = source + b"\x0a\x05\x02\x01"
    length = len(payload) + 8
    head = struct.pack(">HHHH", 4000, netem_probe.PORT, length, 0)
    udp_sum = checksum(addresses + struct.pack(">HH", 17, length) + head + payload)
    head = struct.pack(">HHHH", 4000, netem_probe.PORT, length, udp_sum)
    begin = struct.pack(">BBHHHBBH", 0x45, 0, load.ip_bytes, number, 0x4000, 63, 17, 0)
    ip_sum = checksum(begin + addresses)
    return begin[:10] + struct.pack(">H", ip_sum) + addresses + head + payload


def segment(number, ecn):
    begin = struct.pack(">BBHHHBBH", 0x45, ecn, 1500, number, 0x4000, 63, 6, 0)
    tcp = struct.pack(">HHIIHHHH", 4000, 5201, number * 1448, 1, 0x5010, 500, 0, 0)
    return begin + b"\x0a\x05\x01\x01\x0a\x05\x02\x01" + tcp


class CaptureTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def write(self, name, frames):
        """FRAMES: (ns, bytes)."""
        path = self.folder / name
        text = bytes(netem_probe.PCAP_HEAD_BYTES)
        for at_ns, frame in frames:
            text += struct.pack("<IIII", at_ns // 10**9, at_ns % 10**9, len(frame), len(frame))
            text += frame
        path.write_bytes(text)
        return path

    def test_datagrams(self):
        load = netem_probe.Load(packets=200, per_s=1000)
        frames = [(10**9 + (number + 1) * MS, bytes(14) + datagram(load, number, 10**9))
                  for number in (3, 1, 2)]
        seen = netem_probe.observe(self.write("seen", frames), load, 14)
        self.assertEqual(list(seen["number"]), [3, 1, 2])
        self.assertEqual(list(seen["delay_ns"]), [4 * MS, 2 * MS, 3 * MS])
        self.assertFalse(seen["damaged"].any())

    def test_each_flipped_bit_is_seen(self):
        load = netem_probe.Load(packets=200, per_s=1000)
        whole = bytes(14) + datagram(load, 1, 10**9)
        frames = [(10**9, whole)] * 3 * 8 * len(whole)
        for bit in range(8 * len(whole)):
            flipped = bytearray(whole)
            flipped[bit // 8] ^= 1 << bit % 8
            frames[3 * bit] = (10**9, bytes(flipped))
        seen = netem_probe.observe(self.write("seen", frames), load, 14)
        self.assertEqual(list(numpy.flatnonzero(seen["damaged"])), list(range(0, len(frames), 3)))

    def test_segments_that_wait_are_dropped_and_marked(self):
        segments = range(200)
        before = [(10**9 + number * MS, segment(number, 2)) for number in segments]
        behind = [(10**9 + (number + 5) * MS, bytes(14) + segment(number, 3 if number < 7 else 2))
                  for number in segments if number % 20 != 10]
        # The last is still under way: no drop.
        crossed = netem_queues.crossing(self.write("before", before),
                                        self.write("behind", behind[:-1]))
        self.assertEqual(crossed["dropped"], 10)
        self.assertEqual(crossed["marked"], 7)
        self.assertTrue((crossed["delays_ns"] == 5 * MS).all())

    def test_runs_of_tcp(self):
        def verdict(ours, kernel):
            return netem_page.verdict_of(figures.by_runs("", ours, kernel, str, tolerance=0.3), "")

        self.assertEqual(verdict([10, 11, 12, 13], [13, 14, 14, 15]), "same")
        self.assertEqual(verdict([5, 30, 31, 32], [6, 7, 8, 33]), "within the spread of runs")
        self.assertEqual(verdict([10, 11, 12, 13], [20, 21, 22, 23]), "differs")
        self.assertEqual(verdict([5, 30], [6, 7]), "differs", "too few runs for any spread")


if __name__ == "__main__":
    unittest.main()
