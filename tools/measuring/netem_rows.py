# SPDX-License-Identifier: MIT
"""What tools/compare-netem compares, a row each: tunrelay's stages, the qdisc that should do the
same, the load, and by what they are judged (measuring/netem_figures.py)."""

from dataclasses import dataclass

from measuring import netem_figures as figures
from measuring.netem_network import table_file
from measuring.netem_probe import ETHERNET_BYTES, Load

# In an emulated machine a packet is late by fractions of a millisecond, which all of these delays
# are long beside.
TIMED = Load(packets=10_000, per_s=1000)
COUNTED = Load(packets=100_000, per_s=3000)
SOME = Load(packets=20_000, per_s=2000)


@dataclass(frozen=True)
class Model:
    name: str
    ours: str  # the text of the stages
    kernel: str  # what stands behind `netem limit 100000`
    judge: object  # (ours, kernel) -> figures; see measuring/netem_figures.py
    load: Load
    purpose: str = ""  # why the two differ, where they are meant to
    at_tunnel: bool = False  # ours are looked at before any kernel has: it drops damaged ones


ROOM_S = 2.5  # after the last packet was sent; tcpdump reads what it has once a second

_JITTER = "netem draws `random % range`, which loses what a correlation has put into the upper bits"


def _distribution(shape, ours=None):
    text = "100ms 20ms"
    return Model(f"delay, {shape}", f"delay {text} {ours or shape}",
                 f"delay {text} distribution {shape}", figures.distribution, TIMED)


def _delays():
    rows = [
        Model("delay, constant", "delay 100ms", "delay 100ms", figures.constant, TIMED),
        Model("delay, uniform", "delay 100ms 40ms", "delay 100ms 40ms", figures.distribution,
              TIMED),
        *(_distribution(shape) for shape in ("normal", "pareto", "paretonormal")),
    ]
    table = table_file("experimental")
    if table:
        rows.append(_distribution("experimental", f"table {table}"))
    return [*rows,
            Model("delay, uniform, correlated", "delay 100ms 40ms 50%", "delay 100ms 40ms 50%",
                  figures.correlation, TIMED, _JITTER),
            Model("slot", "slot 20ms 60ms", "slot 20ms 60ms", figures.slots, TIMED),
            Model("slot, packets", "slot 20ms 60ms packets 20", "slot 20ms 60ms packets 20",
                  figures.slots, Load(packets=4000, per_s=400))]


def _losses():
    same = [("loss, random", "2%"), ("loss, correlated", "20% 50%"),
            ("loss, Gilbert", "gemodel 1% 10%"),
            ("loss, Gilbert-Elliott", "gemodel 1% 10% 70% 0.1%"),
            ("loss, four states", "state 2% 20% 30% 40% 1%")]
    return [Model(name, f"loss {text}",
                  f"loss {text if text[0].isalpha() else 'random ' + text}", figures.losses, COUNTED)
            for name, text in same]


def _copies():
    return [
        Model("duplicate", "duplicate 5%", "duplicate 5%", figures.duplicates, SOME),
        # tc (tc/q_netem.c) sends a correlation of duplicates only beside one of another kind.
        Model("duplicate, correlated", "duplicate 20% 50%",
              "duplicate 20% 50% loss random 0% 1%", figures.duplicates, SOME),
        Model("reorder", "delay 100ms reorder 25%", "delay 100ms reorder 25%", figures.overtaking,
              SOME),
        Model("reorder, correlated", "delay 100ms reorder 25% 50%", "delay 100ms reorder 25% 50%",
              figures.overtaking, SOME),
        Model("reorder, gap", "delay 100ms reorder 25% gap 5", "delay 100ms reorder 25% gap 5",
              figures.overtaking, SOME),
        Model("corrupt", "corrupt 5%", "corrupt 5%", figures.damage, SOME, at_tunnel=True),
    ]


def _rates():
    framing = f"overhead {ETHERNET_BYTES}"  # what a qdisc sees beside what a TUN device sees
    full = Load(packets=8000, per_s=1000, payload_bytes=1372)  # 11.3 Mbit/s
    poisson = Load(packets=8000, per_s=800, payload_bytes=1372, seed=7)  # 9 Mbit/s
    return [
        Model("rate, overload", f"rate 8mbit {framing} limit 100 packets", "limit 100 rate 8mbit",
              figures.throughput, full),
        Model("rate, Poisson arrivals", f"rate 10mbit {framing}", "rate 10mbit",
              figures.queueing, poisson),
        Model("rate, cells", f"rate 10mbit overhead {ETHERNET_BYTES + 20} cell 48 5 limit 100 packets",
              "limit 100 rate 10mbit 20 48 5", figures.throughput, full),
    ]


MODELS = {"delay": _delays, "loss": _losses, "copies": _copies, "rate": _rates}


@dataclass(frozen=True)
class Queue:
    """A bottleneck of 10 Mbit/s with a queue of that kind, and flows of TCP across it."""

    kind: str
    ours: str
    kernel: str  # the child of `tbf`; netem's `rate` has no other queue than a FIFO
    ecn: bool = True  # whether it can mark
    purpose: str = ""


RATE = "10mbit"
BURST_BYTES = 6160  # four frames: with one, what a timer of tbf is late is lost of the rate
BASE_DELAY = "delay 20ms"  # of the way back
CONTROLS = {"reno": False, "cubic": False, "dctcp": True}  # whether it needs marks
FLOWS = (1, 4)
QUEUES = (
    Queue("droptail", "limit 100 packets", "pfifo limit 100", ecn=False),
    Queue("codel", "limit 1000 packets codel", "codel limit 1000"),
    Queue("fq_codel", "fq_codel", "fq_codel"),
    # The kernel rounds its interval up to whole jiffies, and adds one: with 250 a second it is 16 ms.
    Queue("pie", "limit 1000 packets pie interval 16ms", "pie limit 1000 tupdate 11ms"),
    Queue("red", "limit 400KiB red min 15000 max 45000 probability 10%",
          "red limit 409600 min 15000 max 45000 avpkt 1000 burst 20 bandwidth 10mbit probability 0.1",
          purpose="beyond `max` ours is gentle, as RED's authors came to recommend: the "
          "probability rises to 1 at twice `max`, where the kernel's jumps there at `max`"),
)


def queue_stage(queue, marks):
    return (f"rate {RATE} burst {BURST_BYTES} overhead {ETHERNET_BYTES} {queue.ours}"
            f"{' ecn' if marks else ''}")


def queue_qdiscs(queue, marks):
    ecn = " ecn" if marks else " noecn" if queue.kind in ("codel", "fq_codel") else ""
    return [f"root handle 1: tbf rate {RATE} burst {BURST_BYTES} limit 10mb",
            f"parent 1:1 handle 10: {queue.kernel}{ecn}"]
