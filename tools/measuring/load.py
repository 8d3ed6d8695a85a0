# SPDX-License-Identifier: MIT
"""Load across a link whose ends are 192.168.13.1 and 192.168.13.2, in the network namespace of
this process: iperf3 and ping, each as a dictionary of numbers with the unit in the key."""

import json
import os
import re
import statistics
import time

from measuring.process import Failed, background, run, wait_until

HERE = "192.168.13.1"
THERE = "192.168.13.2"
IPV4, IPV6 = (HERE, THERE), ("fd13::1", "fd13::2")
# Named with every figure, since it decides the figure.
CONGESTION_CONTROL = "cubic"


def _listens(port):
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        with open(table, encoding="ascii") as file:
            if any(f":{port:04X} " in line and " 0A " in line for line in file):
                return True
    return False


def iperf3(arguments, seconds, ends=IPV4):
    """The `end` of iperf3's answer. Raises Failed."""
    port = 5201
    here, there = ends
    command = ["iperf3", "-J", "-c", there, "-B", here, "-t", str(seconds), *arguments]
    with background(["iperf3", "-s", "-1", "-B", there, "-p", str(port)]):
        wait_until(lambda: _listens(port), "iperf3's server")
        answer = json.loads(run(command, time_limit_s=seconds + 60))
    # iperf3 exits 0 on many errors: the output says so.
    if "error" in answer:
        raise Failed(f"iperf3 {' '.join(arguments)}: {answer['error']}")
    return answer["end"]


def _begun_with(end, congestion_control):
    """The link must have set it before the connection began: `iperf3 -C` sets it on an open socket,
    and what the host's default had armed there (BBR's pacing) stays."""
    if end["sender_tcp_congestion"] != congestion_control:
        raise Failed(f"TCP began with {end['sender_tcp_congestion']}, not {congestion_control}")


def _tcp(arguments, seconds, congestion_control, relay_pid, directions, ends=IPV4):
    relay_before = cpu_seconds(relay_pid) if relay_pid else 0
    end = iperf3(arguments, seconds, ends)
    relay_s = cpu_seconds(relay_pid) - relay_before if relay_pid else 0
    _begun_with(end, congestion_control)
    received = [end["sum_received" + direction] for direction in directions]
    gigabytes = sum(one["bytes"] for one in received) / 1e9
    if gigabytes == 0:
        raise Failed(f"iperf3 {' '.join(arguments)}: nothing arrived")
    used = end["cpu_utilization_percent"]
    ms_a_percent = 10 * end["sum_sent"]["seconds"]
    return {"bits_per_s": sum(one["bits_per_second"] for one in received),
            "retransmits": sum(end["sum_sent" + direction]["retransmits"]
                               for direction in directions),
            "sender_cpu_ms_per_gb": used["host_total"] * ms_a_percent / gigabytes,
            "relay_cpu_ms_per_gb": 1000 * relay_s / gigabytes,
            "receiver_cpu_ms_per_gb": used["remote_total"] * ms_a_percent / gigabytes}


def tcp(flows, seconds, congestion_control=CONGESTION_CONTROL, relay_pid=None, ends=IPV4):
    """Across a link that begins TCP with CONGESTION_CONTROL. CPU time is that of iperf3's two ends
    and of the process RELAY_PID, over the bytes that arrived."""
    return _tcp(["-P", str(flows)], seconds, congestion_control, relay_pid, ("",), ends)


def tcp_both_ways(seconds, congestion_control=CONGESTION_CONTROL, relay_pid=None):
    return _tcp(["--bidir"], seconds, congestion_control, relay_pid, ("", "_bidir_reverse"))


def udp(payload_bytes, seconds, relay_pid=None):
    """A sender that does not pace itself; what counts is what arrives."""
    relay_before = cpu_seconds(relay_pid) if relay_pid else 0
    end = iperf3(["-u", "-b", "0", "-l", str(payload_bytes)], seconds)["sum"]
    relay_s = cpu_seconds(relay_pid) - relay_before if relay_pid else 0
    arrived = end["packets"] - end["lost_packets"]
    return {"packets_per_s": arrived / end["seconds"],
            "sent_kpps": end["packets"] / end["seconds"] / 1000,
            "relay_cpu_us_per_packet": 1e6 * relay_s / max(arrived, 1),
            "lost_percent": 100 * end["lost_packets"] / max(end["packets"], 1)}


def round_trip(pings=3000):
    """Each ping goes out when the one before has come back."""
    start = time.monotonic()
    text = run(["ping", "-n", "-A", "-c", str(pings), "-W", "2", "-I", HERE, THERE])
    times_us = [1000 * float(ms) for ms in re.findall(r"time=([0-9.]+) ms", text)]
    if len(times_us) < pings * 0.99:
        raise Failed(f"ping: {len(times_us)} answers to {pings}")
    quantiles = statistics.quantiles(times_us, n=100)
    # ping prints whole microseconds below 10: the mean over the whole run is finer.
    return {"round_trip_us": statistics.fmean(times_us), "p50_us": statistics.median(times_us),
            "p99_us": quantiles[98], "run_s": time.monotonic() - start}


def cpu_seconds(pid):
    """User and system time of the process PID so far, all threads."""
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
