# SPDX-License-Identifier: MIT
"""What tools/measure-cost measures: series of points, in each of which one thing grows or is used."""

import json

from measuring import load, pass_all, peers
from measuring.process import run

FLOW_LOAD = peers.BUILD / "bench/flow_load"
BENCH = peers.BUILD / "bench/tunrelay_bench"
PROGRAMS = (FLOW_LOAD, BENCH)


def tcp(flows):
    return lambda seconds, congestion_control: load.tcp(flows, seconds, congestion_control)


def many_flows(flows):
    def send(seconds, _congestion_control):
        sums = json.loads(run([str(FLOW_LOAD), str(flows), str(seconds), "64", load.HERE,
                               load.THERE]))
        return {"packets_per_s": sums["received_packets"] / seconds,
                "lost_percent": 100 - 100 * sums["received_packets"] / sums["sent_packets"]}
    return send


def ping(_seconds, _congestion_control):
    return load.round_trip()


def bursts(row):
    """Bursts of 64 packets across a relay of socketpairs: a row of tunrelay_bench."""
    def send(seconds, _congestion_control):
        answer = json.loads(run([str(BENCH), "--benchmark_format=json",
                                 f"--benchmark_filter={row}", f"--benchmark_min_time={seconds}"],
                                time_limit_s=60 + 20 * seconds))
        bench = answer["benchmarks"][0]
        return {"packets_per_s": bench["items_per_second"]}
    return send


# The knobs for latency, and what they trade.
KNOBS = {"default": [], "busy-poll 0": ["--busy-poll", "0"],
         "busy-poll 50us": ["--busy-poll", "50us"], "busy-poll 1ms": ["--busy-poll", "1ms"],
         "min-wait 50us": ["--min-wait", "50us"], "min-wait 200us": ["--min-wait", "200us"]}

# What a tunnel can do beside its work. A measurement's /run is a file system in memory, of its own.
FEATURES = {"none": [], "record": ["--record", "/run/link.record"], "flows": ["--flows"],
            "record and flows": ["--record", "/run/link.record", "--flows"],
            "mahimahi log": ["--mahimahi-log", "/run/log"],
            "metrics": ["--metrics", "unix:/run/metrics"],
            "capture, 128 bytes": ["--capture", "/run/link.pcapng", "--capture-snaplen", "128"],
            "sandbox off": ["--sandbox", "off"]}
# What a stage looks at. Those of a user's own pass all.
STAGES = {"none": [], "loss 0 %": ["--a-to-b", "loss 0%", "--b-to-a", "loss 0%"],
          **{f"user's, {access}": ["--stage", pass_all.library(access)]
             for access in pass_all.ACCESSES}}
DISCIPLINES = ("droptail", "codel", "pie", "red", "fq_codel", "dualpi2")

# A series: what grows, what is measured of it, and its points: (x, flags of tunrelay, load).
SERIES = {
    "queues": ("queue pairs, TCP 4 flows", "bits_per_s",
               [(n, ["--queues", str(n)], tcp(4)) for n in (1, 2, 4, 8, 16)]),
    "flows": ("flows, UDP 64 bytes", "packets_per_s",
              [(n, ["--queues", "1"], many_flows(n)) for n in (1, 10, 100, 1000, 10000)]),
    "mtu": ("MTU in bytes, TCP 1 flow", "bits_per_s",
            [(n, ["--mtu", str(n)], tcp(1)) for n in (576, 1500, 9000, 65535)]),
    "mtu-no-offload": ("MTU in bytes, TCP 1 flow, offload off", "bits_per_s",
                       [(n, ["--mtu", str(n), "--offload", "off"], tcp(1))
                        for n in (576, 1500, 9000, 65535)]),
    "knobs-ping": ("knob, `ping -A`", "round_trip_us",
                   [(knob, flags, ping) for knob, flags in KNOBS.items()]),
    "knobs-udp": ("knob, UDP 64 bytes, unpaced", "packets_per_s",
                  [(knob, flags, many_flows(1)) for knob, flags in KNOBS.items()]),
    "knobs-tcp": ("knob, TCP 1 flow", "bits_per_s",
                  [(knob, flags, tcp(1)) for knob, flags in KNOBS.items()]),
    "features": ("feature, TCP 1 flow", "bits_per_s",
                 [(feature, flags, tcp(1)) for feature, flags in FEATURES.items()]),
    "features-ping": ("feature, `ping -A`", "round_trip_us",
                      [(feature, flags, ping) for feature, flags in FEATURES.items()]),
    "accesses": ("stage each way, TCP 1 flow", "bits_per_s",
                 [(stage, flags, tcp(1)) for stage, flags in STAGES.items()]),
    "disciplines": ("queue of `rate 10gbit limit 10ms`, TCP 4 flows", "bits_per_s",
                    [(kind, ["--a-to-b", f"rate 10gbit limit 10ms {kind}"], tcp(4))
                     for kind in DISCIPLINES]),
    "rates": ("rate, TCP 1 flow", "bits_per_s",
              [(f"{rate}bit", ["--a-to-b", f"rate {rate}bit limit 50ms"], tcp(1))
               for rate in ("10m", "100m", "1g", "10g")]),
    # None: no tunnel, since the load brings its own relay.
    "stages": ("stages, bursts of 64 over socketpairs", "packets_per_s",
               [("absent", None, bursts("worker_alone/uring_64/64/")),
                ("one that passes all", None, bursts("worker_through_a_stage/uring_64/64/"))]),
}
