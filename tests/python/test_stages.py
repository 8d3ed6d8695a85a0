# SPDX-License-Identifier: MIT
"""Stages of Python on a running tunnel: verdicts, held frames, timers, their failures, and what is
refused."""

import gc
import logging
import threading
import time

import pytest
from conftest import PROGRAM, ping, wait_for

import tunrelay


class EveryTenth(tunrelay.Endpoint):
    """Drops every tenth packet of device b."""

    name = "mine"

    def __init__(self, site, every=10):
        super().__init__(site)
        self.every, self.seen = every, 0

    def from_device(self, frames, now_ns):
        for frame in frames:
            self.seen += 1
            if self.site.end == "b" and self.seen % self.every == 0:
                frame.drop("every so often")
            else:
                self.count("kept")
                frame.pass_()


def test_a_stage_drops_and_counts(open_tunnel):
    tunnel = open_tunnel(stages=[EveryTenth.with_options(every=5)], queues=1)
    assert ping(tunnel, 20) == 16
    tunnel.close()
    stage = tunnel.report().stages[0]
    assert (stage.name, stage.library) == ("mine", "built in")
    assert stage.b.dropped == {"every so often": 4}
    assert stage.b.counted == {"kept": 16} and stage.a.from_device.passed == 20
    assert [endpoint.seen for endpoint in tunnel.endpoints(EveryTenth)] == [20, 20]
    assert tunnel.report().a_to_b.balanced and tunnel.report().b_to_a.balanced


@pytest.mark.parametrize("access", list(tunrelay.Access))
def test_what_each_access_shows(open_tunnel, access):
    seen = []

    class Look(tunrelay.Endpoint):
        def from_device(self, frames, now_ns):
            for frame in frames:
                assert abs(now_ns - frame.arrival_ns) < 5e9 and frame.id > 0
                seen.append((bytes(frame.bytes), len(frame), frame.segments, frame.bytes.readonly))
                frame.pass_()

    Look.access = access
    tunnel = open_tunnel(stages=[Look], a_to_b="delay 1ms")
    assert ping(tunnel, 2, "-s", "1000", "-p", "5a") == 2
    sizes = {size for _, size, _, _ in seen}
    assert sizes == {1028}
    whole = seen[0][0]
    if access == tunrelay.Access.WIRE_HEADERS:
        assert whole[9] == 1 and len(whole) in (20, 28, 1028)
    else:
        assert len(whole) == 1028 and whole.endswith(b"\x5a" * 900)
    assert all(r == (access != tunrelay.Access.CHANGES_WIRE_SEGMENTS) for _, _, _, r in seen)


def test_frames_are_rewritten_in_place_and_as_a_whole(open_tunnel):
    class Shift(tunrelay.Endpoint):
        """XORs what goes over the link, and puts two bytes before it."""

        access = tunrelay.Access.CHANGES_WIRE_SEGMENTS

        def from_device(self, frames, now_ns):
            for frame in frames:
                data = frame.bytes
                for at in range(len(data)):
                    data[at] ^= 0x55
                frame.replace_start(0, b"ab")
                frame.pass_()

        def from_link(self, frames, now_ns):
            for frame in frames:
                assert frame.bytes[:2] == b"ab"
                frame.replace(bytes(byte ^ 0x55 for byte in frame.bytes[2:]))
                frame.pass_()

    tunnel = open_tunnel(stages=[Shift], on_stage_error="drop")
    assert ping(tunnel, 3, "-s", "700") == 3
    assert tunnel.stage_errors == []


def test_a_stage_holds_until_a_time_and_sends_its_own(open_tunnel):
    from scapy.layers.inet import ICMP, IP  # which takes a second

    class Late(tunrelay.Endpoint):
        def from_device(self, frames, now_ns):
            for frame in frames:
                frame.hold_until(now_ns + 30_000_000)

    class Answer(tunrelay.Endpoint):
        """Answers pings itself, at their sender's."""

        def from_device(self, frames, now_ns):
            for frame in frames:
                packet = frame.scapy()
                if packet.haslayer(ICMP) and packet[ICMP].type == 8:
                    self.send_to_device(IP(src=packet.dst, dst=packet.src) /
                                        ICMP(type=0, id=packet[ICMP].id, seq=packet[ICMP].seq) /
                                        packet[ICMP].payload)
                    frame.finish()
                else:
                    frame.pass_()

    tunnel = open_tunnel(stages=[Late])
    result = tunnel.run(["ping", "-n", "-c", "2", "-i", "0.1", tunnel.b.address],
                        capture_output=True, text=True)
    times = [float(line.split("time=")[1].split()[0]) for line in result.stdout.splitlines()
             if "time=" in line]
    assert len(times) == 2 and min(times) >= 60
    tunnel = open_tunnel(stages=[Answer], a_to_b="loss 100%")
    assert ping(tunnel, 3) == 3
    assert tunnel.report().stages[0].a.from_device.finished == 3


def test_timers_of_a_stage_run_without_packets(open_tunnel):
    class Tick(tunrelay.Endpoint):
        def __init__(self, site):
            super().__init__(site)
            self.due_ns, self.late_ns = time.monotonic_ns() + 10_000_000, []

        def next_deadline_ns(self):
            return self.due_ns

        def at_deadline(self, now_ns):
            self.late_ns.append(now_ns - self.due_ns)
            self.due_ns += 10_000_000

    tunnel = open_tunnel(stages=[Tick])
    tick = tunnel.endpoints(Tick)[0]
    assert wait_for(lambda: len(tick.late_ns) > 20)
    assert min(tick.late_ns) >= 0


class Faulty(tunrelay.Endpoint):
    def from_device(self, frames, now_ns):
        raise RuntimeError("as the test wishes")


@pytest.mark.parametrize("policy, answered", [("pass", 3), ("drop", 0)])
def test_an_exception_is_reported_and_the_link_goes_on(open_tunnel, policy, answered, caplog):
    tunnel = open_tunnel(stages=[Faulty], on_stage_error=policy)
    assert ping(tunnel, 3) == answered
    error = tunnel.stage_errors[0]
    assert (error.stage, error.end, error.where) == ("Faulty", "a", "from_device")
    assert isinstance(error.__cause__, RuntimeError)
    assert "as the test wishes" in error.traceback_text and "test_stages.py" in error.traceback_text
    assert tunnel.events.get(1).kind == "stage"
    assert "as the test wishes" in caplog.text
    tunnel.close()
    assert tunnel.report().stages[0].a.counted["exceptions"] >= 3


def test_an_exit_in_a_stage_is_an_exception_like_others(open_tunnel):
    class Exit(tunrelay.Endpoint):
        def from_device(self, frames, now_ns):
            raise SystemExit(3)

    tunnel = open_tunnel(stages=[Exit])
    assert ping(tunnel, 3) == 3
    assert isinstance(tunnel.stage_errors[0].__cause__, SystemExit)


def test_a_stage_that_fails_stops_the_tunnel_where_requested():
    with pytest.raises(tunrelay.StageError, match="Faulty has failed at end a"):
        with tunrelay.Tunnel(stages=[Faulty], on_stage_error="stop") as tunnel:
            assert ping(tunnel, 3) == 0
    assert "stage stopped" in tunnel.report().stages[0].a.dropped
    with pytest.raises(tunrelay.UsageError, match="TypeError"):
        tunrelay.Tunnel(stages=[EveryTenth.with_options(evry=5)])


def test_memory_stays_over_many_frames_and_exceptions(open_tunnel):
    class Half(tunrelay.Endpoint):
        access = tunrelay.Access.WIRE_SEGMENTS

        def from_device(self, frames, now_ns):
            self.kept = [frame.bytes for frame in frames]
            raise ValueError(len(frames))

    def rss_kib():
        gc.collect()
        with open("/proc/self/statm") as file:
            return int(file.read().split()[1]) * 4

    logging.getLogger("tunrelay").setLevel(logging.CRITICAL)
    tunnel = open_tunnel(stages=[Half])
    flood = [PROGRAM, "gen", tunnel.a.address, tunnel.b.address, "--pps", "60k", "-t", "1s", "-i",
             "0"]
    tunnel.run(flood, capture_output=True)
    before = rss_kib()
    for _ in range(2):
        tunnel.run(flood, capture_output=True)
    assert rss_kib() - before < 8192
    assert tunnel.report().stages[0].a.from_device.taken > 50_000
    assert len(tunnel.stage_errors) == 10


def test_python_that_is_busy_does_not_stop_the_link(open_tunnel):
    class Sleepy(tunrelay.Endpoint):
        max_waiting = 50

        def from_device(self, frames, now_ns):
            if any(bytes(frame.bytes)[9:10] == b"\x11" for frame in frames):  # UDP
                time.sleep(0.3)
            self.pass_all(frames)

    tunnel = open_tunnel(stages=[Sleepy])
    tunnel.run([PROGRAM, "gen", tunnel.a.address, tunnel.b.address, "--pps", "20k", "-t", "1s", "-i",
                "0"], capture_output=True)
    tunnel.close()
    a = tunnel.report().stages[0].a
    assert a.dropped["Python too slow"] > 1000
    assert tunnel.report().a_to_b.balanced, "all of it is accounted for"


def test_wrong_use_raises(open_tunnel):
    found = {}

    class Wrong(tunrelay.Endpoint):
        def from_device(self, frames, now_ns):
            frame = frames[0]
            if "kept" in found:
                return self.pass_all(frames)
            found["kept"] = frame
            with pytest.raises(tunrelay.FrameError, match="CHANGES_WIRE_SEGMENTS"):
                frame.replace(b"x")
            with pytest.raises(TypeError):
                frame.bytes[0] = 0
            raised = []

            def elsewhere():
                for use in (frame.pass_, lambda: frame.bytes, lambda: self.send_to_link(b"x")):
                    try:
                        use()
                    except tunrelay.FrameError as error:
                        raised.append(str(error))

            thread = threading.Thread(target=elsewhere)
            thread.start()
            thread.join()
            found["elsewhere"] = raised
            second = frames[1] if len(frames) > 1 else None
            if second:
                second.pass_()

    class Twice(tunrelay.Endpoint):
        def from_device(self, frames, now_ns):
            for frame in frames:
                view = frame.bytes
                frame.pass_()
                found["view"] = view
                with pytest.raises(tunrelay.FrameError, match="already"):
                    frame.pass_()
                with pytest.raises(tunrelay.FrameError, match="already"):
                    frame.bytes

    tunnel = open_tunnel(stages=[Wrong, Twice], on_stage_error="stop")
    ping(tunnel, 3)
    assert tunnel.stage_errors == []
    assert len(found["elsewhere"]) == 3 and "thread" in found["elsewhere"][0]
    with pytest.raises(tunrelay.FrameError):
        found["kept"].pass_()
    tunnel.close()
    assert tunnel.report().stages[0].a.dropped == {"let go": 1}
    assert len(bytes(found["view"])) == 84, "memory that is kept stays readable"


def test_a_held_frame_that_is_forgotten_is_dropped(open_tunnel):
    class Forget(tunrelay.Endpoint):
        def from_device(self, frames, now_ns):
            self.held = [frame.hold() for frame in frames]

    tunnel = open_tunnel(stages=[Forget])
    ping(tunnel, 3)
    assert wait_for(lambda: tunnel.report().stages[0].a.dropped.get("let go", 0) == 2)
    for endpoint in tunnel.endpoints(Forget):
        endpoint.held = None
    assert wait_for(lambda: tunnel.report().stages[0].a.dropped.get("let go", 0) == 3)


def test_a_replaced_link_begins_stages_again(open_tunnel):
    tunnel = open_tunnel(stages=[EveryTenth], queues=1)
    for number in range(5):
        tunnel.link.set("delay 1ms" + ", loss 0%" * number)
        assert ping(tunnel, 2) == 2
    assert len(tunnel.endpoints(EveryTenth)) == 12


def test_a_link_that_changes_in_place_leaves_stages(open_tunnel):
    tunnel = open_tunnel(stages=[EveryTenth], queues=1, a_to_b="delay 1ms")
    received = 0
    for number in range(5):
        tunnel.link.set(f"delay {number}ms")
        received += ping(tunnel, 2)
    assert received == 9, "the count of packets goes on"
    assert len(tunnel.endpoints(EveryTenth)) == 2
