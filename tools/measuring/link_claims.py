# SPDX-License-Identifier: MIT
"""What is claimed of an emulated link, each claim a function that measures it once, in the network
namespace of this process: (seconds) -> {figure: number}, the unit in the key."""

import contextlib
import json
import tempfile
from pathlib import Path

from measuring import load
from measuring.peers import TUNRELAY
from measuring.process import Failed, background, run
from measuring.tunnel import tunnel

# Payload of a full TCP segment (timestamps on) and what it takes on the link, as IP sees it.
SEGMENT_PAYLOAD_BYTES, SEGMENT_BYTES = 1448, 1500
DELAY_NS = 5_000_000
LARGE_WINDOW = "4096 131072 134217728"


def tcp(*flags, window=None, paced=False):
    """TCP of one flow. PACED: as `iperf3 -C` leaves it where BBR is the host's default."""
    def measure(seconds):
        begin = [] if paced else ["--congestion-control", load.CONGESTION_CONTROL]
        with tunnel(*begin, *flags) as relay:
            if window:
                for limit in ("tcp_rmem", "tcp_wmem"):
                    run(["sysctl", "-qw", f"net.ipv4.{limit}={window}"])
            # The time in which the window grows is not what is measured.
            figures = _steady(load.iperf3(["-C", load.CONGESTION_CONTROL, "-O", "1"], seconds))
        figures["relay_dropped_segments"] = _dropped_segments(relay.summary)
        return figures
    return measure


def _steady(end):
    return {"bits_per_s": end["sum_received"]["bits_per_second"],
            "retransmits": end["sum_sent"]["retransmits"]}


def _dropped_segments(summary):
    return sum(tally["segments"] for direction in ("a_to_b", "b_to_a")
               for reason, tally in summary[direction]["dropped"].items() if reason != "shutdown")


def delay(messages_per_s):
    """How far from what was requested: the time from a packet's read to its write, as the relay knows
    it, how late the releases were, and the one-way delay of the load's ends, which has the load's
    own lateness and that of the bare relay in it."""
    def measure(seconds):
        figures = {}
        for name, flags in (("bare", []), ("delayed", ["--a-to-b", f"delay {DELAY_NS}ns"])):
            with tunnel(*flags) as relay:
                answer = json.loads(run([str(TUNRELAY), "gen", load.HERE, load.THERE, "--json",
                                         "-i", "0", "--max-slip", "1s", "--warm-up", "500ms",
                                         "--pps", str(messages_per_s), "-t", f"{seconds}s"],
                                        time_limit_s=seconds + 60))
            figures.update({f"{name}_{key}": value for key, value in _delays(answer).items()})
        stage = relay.summary["link"]["a_to_b"][0]
        for percentile in ("p50", "p99"):
            figures[f"one_way_off_by_{percentile}_us"] = (figures[f"delayed_{percentile}_us"]
                                                          - DELAY_NS / 1000)
            figures[f"held_off_by_{percentile}_us"] = (stage["since_read_ns"][percentile]
                                                       - DELAY_NS) / 1000
            figures[f"release_late_{percentile}_us"] = stage["late_ns"][percentile] / 1000
        return figures
    return measure


def _delays(answer):
    values = {metric["name"]: metric["samples"][0]["value"] for metric in answer["metrics"]}
    return {"p50_us": values["one_way_p50"] / 1000, "p99_us": values["one_way_p99"] / 1000,
            "slip_p99_us": values["slip_p99"] / 1000, "lost_ratio": values["loss"]}


def rate(text, bits_per_s):
    """Goodput of TCP over what the rate leaves for it."""
    def measure(seconds):
        with tunnel("--a-to-b", f"rate {text}"):
            end = load.iperf3(["-C", load.CONGESTION_CONTROL, "-O", "1"], seconds)
        goodput = end["sum_received"]["bits_per_second"]
        return {"bits_per_s": goodput,
                "of_arithmetic": goodput / (bits_per_s * SEGMENT_PAYLOAD_BYTES / SEGMENT_BYTES)}
    return measure


def _trace_of(rates_mbit_per_s):
    """mahimahi's form: a second at each of these rates, a line an opportunity of 1504 bytes."""
    lines = []
    for second, mbit_per_s in enumerate(rates_mbit_per_s):
        opportunities = round(mbit_per_s * 1e6 / 8 / 1504)
        lines += [str(second * 1000 + 1000 * n // opportunities) for n in range(opportunities)]
    return "\n".join(lines + [str(1000 * len(rates_mbit_per_s))]) + "\n"


def trace(rates_mbit_per_s):
    """Bytes that leave in each second of a delivery trace that has a backlog all along, over what
    the trace has; UDP of datagrams that fill an opportunity."""
    def measure(_):
        with tempfile.TemporaryDirectory() as folder:
            path, seen = Path(folder, "trace"), Path(folder, "seen.pcapng")
            path.write_text(_trace_of(rates_mbit_per_s), encoding="ascii")
            with tunnel("--mtu", "1504", "--a-to-b", f"trace {path} limit 50ms",
                        "--capture", str(seen), "--capture-snaplen", "64",
                        "--capture-filter", "udp and greater 1000"):
                run([str(TUNRELAY), "gen", load.HERE, load.THERE, "-i", "0", "--json",
                     "--size", "1476", "--rate", f"{max(rates_mbit_per_s) * 1.5}M",
                     "--max-slip", "10s", "-t", f"{3 * len(rates_mbit_per_s)}s"])
            text = run(["tshark", "-r", str(seen), "-Y",
                        'frame.interface_name == "tun1" && !frame.comment', "-T", "fields",
                        "-e", "frame.time_epoch", "-e", "frame.len"])
        leaving = [(float(at), int(size)) for at, size in
                   (line.split() for line in text.splitlines())]
        return _of_trace(leaving, rates_mbit_per_s)
    return measure


def _of_trace(leaving, rates_mbit_per_s):
    """The trace repeats, its beginning is not known: the phase at which its seconds fit best."""
    period = len(rates_mbit_per_s)
    first = leaving[0][0]
    best = None
    for phase in range(0, 1000 * period, 5):
        begin = first + phase / 1000
        carried = [0] * period
        for at, size in leaving:
            second = int(at - begin) if at >= begin else -1
            if 0 <= second < period:
                carried[second] += size
        ratios = [8 * carried[n] / (1504 * 8 * round(rates_mbit_per_s[n] * 1e6 / 8 / 1504))
                  for n in range(period)]
        worst = max(abs(ratio - 1) for ratio in ratios)
        if best is None or worst < best[0]:
            best = (worst, min(ratios), max(ratios))
    return {"lowest_second_ratio": best[1], "highest_second_ratio": best[2]}


def capture(bits_per_s):
    """Throughput with and without a capture, and what the capture lost."""
    def measure(seconds):
        figures = {}
        with tempfile.TemporaryDirectory() as folder:
            for name, flags in (("bare", []), ("captured", ["--capture", f"{folder}/c.pcapng"])):
                with tunnel(*flags) as relay:
                    end = load.iperf3(["-u", "-b", str(bits_per_s), "-l", "1400"], seconds)["sum"]
                figures[f"{name}_bits_per_s"] = (end["bits_per_second"]
                                                 * (1 - end["lost_percent"] / 100))
        seen = relay.summary["capture"]
        if seen["failure"]:
            raise Failed(f"the capture ended: {seen['failure']}")
        figures["of_bare"] = figures["captured_bits_per_s"] / figures["bare_bits_per_s"]
        figures["captured_packets"] = seen["packets"]
        figures["capture_lost_packets"] = seen["lost_packets"]
        return figures
    return measure


LOSS = "loss 0.01%"
BOTH_10MS = ["--a-to-b", "delay 10ms", "--b-to-a", "delay 10ms"]
# In the order of the table.
CLAIMS = {
    "TCP, no stage": tcp(),
    "TCP, a stage that decides on each segment": tcp("--a-to-b", "loss 0%"),
    "TCP, 0.01 % lost": tcp("--a-to-b", LOSS),
    "TCP, 0.01 % lost, offload off": tcp("--offload", "off", "--a-to-b", LOSS),
    "TCP, 0.01 % lost, paced": tcp("--a-to-b", LOSS, paced=True),
    "TCP, 0.01 % lost, offload off, paced": tcp("--offload", "off", "--a-to-b", LOSS, paced=True),
    "TCP, 10 ms each way, window of 128 MiB": tcp(*BOTH_10MS, window=LARGE_WINDOW),
    "delay 5 ms, 100,000 messages a second": delay(100_000),
    "rate 100 Mbit/s": rate("100mbit", 100e6),
    "rate 1 Gbit/s": rate("1gbit", 1e9),
    "trace of 12, 48, 96, 24 Mbit/s": trace([12, 48, 96, 24]),
    "capture of 1 Gbit/s": capture(1_000_000_000),
}
