# SPDX-License-Identifier: MIT
"""Stages in virtual time: the same answer each time, the same as C++, without root."""

import os
import random

import pytest
from conftest import EXAMPLES, ROOT, udp_packets

import tunrelay

STAGES = os.environ.get("TUNRELAY_EXAMPLES", str(ROOT / "build/release/tests/examples/programs"))
LOSSY = {"a_to_b": "delay 1ms, loss 20%", "b_to_a": "delay 1ms, loss 20%"}


@pytest.fixture
def examples(monkeypatch):
    monkeypatch.syspath_prepend(str(EXAMPLES))


def test_packets_come_out_at_the_links_times():
    packets = udp_packets(3)
    replayed = tunrelay.replay(packets, a_to_b="delay 20ms")
    assert [packet.data for packet in replayed.packets] == packets
    assert [packet.time_ns for packet in replayed.packets] == [20_000_000, 21_000_000, 22_000_000]
    assert replayed.read.packets == 3 and replayed.answers == ()


def test_a_stage_runs_in_virtual_time():
    class Later(tunrelay.Endpoint):
        def from_device(self, frames, now_ns):
            for frame in frames:
                frame.hold_until(now_ns + 5_000_000_000)

    replayed = tunrelay.replay(udp_packets(2), Later)
    assert [packet.time_ns for packet in replayed.packets] == [5_000_000_000, 5_001_000_000]
    assert replayed.stages[0].a.from_device.passed == 2 and replayed.endpoints[0].site.end == "a"


def test_the_examples_in_cpp_and_python_behave_alike(examples, tmp_path):
    import arq
    import compress

    seed = random.getrandbits(32)
    print("seed", seed)
    for kind, library in ((arq.Arq, "libarq.so"), (compress.Compress, "libcompress.so")):
        options = {"seed": seed, **(LOSSY if library == "libarq.so" else {"a_to_b": "delay 1ms"})}
        packets = udp_packets(300)
        path = os.path.join(STAGES, library)
        if not os.path.exists(path):
            pytest.skip(f"{path} is not built")
        by_python = tunrelay.replay(packets, kind, output=tmp_path / "python.pcapng", **options)
        by_cpp = tunrelay.replay(packets, stage=path, output=tmp_path / "cpp.pcapng", **options)
        assert by_python.link == by_cpp.link, "the same frames cross the link"
        assert by_python.stages[0].a.counted == by_cpp.stages[0].a.counted
        assert (tmp_path / "python.pcapng").read_bytes() == (tmp_path / "cpp.pcapng").read_bytes()
        assert [packet.data for packet in by_python.packets] == packets


def test_an_exception_comes_out_of_a_replay():
    class Faulty(tunrelay.Endpoint):
        def from_link(self, frames, now_ns):
            raise KeyError("x")

    with pytest.raises(tunrelay.StageError, match="end b, in from_link: KeyError"):
        tunrelay.replay(udp_packets(2), Faulty)
    replayed = tunrelay.replay(udp_packets(2), Faulty, on_stage_error="pass")
    assert len(replayed.packets) == 2 and replayed.stages[0].b.counted == {"exceptions": 2}


def test_what_goes_to_a_device_must_be_a_packet():
    class Garbage(tunrelay.Endpoint):
        access = tunrelay.Access.CHANGES_WIRE_SEGMENTS

        def from_device(self, frames, now_ns):
            self.send_to_device(b"\0garbage")
            self.send_to_link(b"over the link anything goes")
            self.pass_all(frames)

        def from_link(self, frames, now_ns):
            self.pass_all(frames)

    replayed = tunrelay.replay(udp_packets(1), Garbage)
    assert len(replayed.packets) == 1
    assert replayed.stages[0].a.from_device.sent == 1
    assert replayed.stages[0].a.from_link.refused == 1
    assert sum(replayed.stages[0].b.dropped.values()) == 1


def test_a_stage_with_a_timer_for_ever_ends():
    class Beacon(tunrelay.Endpoint):
        access = tunrelay.Access.CHANGES_WIRE_SEGMENTS

        def __init__(self, site):
            super().__init__(site)
            self.due_ns = 0

        def next_deadline_ns(self):
            return self.due_ns

        def at_deadline(self, now_ns):
            self.due_ns = now_ns + 1_000_000
            self.send_to_link(b"hello")

        def from_link(self, frames, now_ns):
            for frame in frames:
                frame.finish() if bytes(frame.bytes) == b"hello" else frame.pass_()

    packets = udp_packets(10)
    assert [packet.data for packet in tunrelay.replay(packets, Beacon).packets] == packets


def test_thousands_of_held_frames():
    class Stack(tunrelay.Endpoint):
        """Lets out in tens, the last first."""

        def __init__(self, site):
            super().__init__(site)
            self.held = []

        def from_device(self, frames, now_ns):
            self.held += [frame.hold() for frame in frames]
            while len(self.held) >= 10:
                for frame in reversed(self.held[:10]):
                    frame.pass_()
                del self.held[:10]

    packets = udp_packets(2_000)
    out = [packet.data for packet in tunrelay.replay(packets, Stack).packets]
    assert out == [packet for at in range(0, 2_000, 10) for packet in packets[at : at + 10][::-1]]


def test_what_is_not_a_file_of_packets_is_refused(tmp_path):
    (tmp_path / "text").write_text("no packets")
    with pytest.raises(tunrelay.UsageError, match="text"):
        tunrelay.replay(tmp_path / "text")
    with pytest.raises(ValueError, match="direction"):
        tunrelay.replay([], direction="up")
    with pytest.raises(ValueError):
        tunrelay.read_packets(tmp_path / "text")
