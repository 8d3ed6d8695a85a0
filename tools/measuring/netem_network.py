# SPDX-License-Identifier: MIT
"""Where tools/compare-netem measures: two hosts with a tunnel between them, each in a network
namespace of its own. host-a - tunrelay-a - (tunrelay) - tunrelay-b - host-b. Packets take the same
way whoever does something to them: tunrelay's stages in the middle, or a qdisc of the kernel at the
device behind the tunnel, that forwards them, so that no sender's socket sees its backlog."""

import contextlib
import json
import signal
from dataclasses import dataclass
from pathlib import Path

from measuring.peers import TUNRELAY
from measuring.process import Failed, background, run
from measuring.tunnel import Tunnel

DEVICE = "wire"  # of a host, and of the tunnel's end towards it
# What stages of the link drop for: tunrelay-link(7). For queue_memory_full the relay may, too.
REASONS_OF_STAGES = ("stage", "loss", "outage", "queue_full", "aqm", "over_rate", "too_big")
TUNNEL_QUEUE_PACKETS = "10000"  # nothing is lost there while tunrelay has no CPU
GATEWAYS = {"host-a": "10.5.1.2", "host-b": "10.5.2.2"}


@dataclass(frozen=True)
class Direction:
    sender: str
    receiver: str
    entry: str  # the tunnel's end that the sender's packets enter, and its device there
    entry_device: str
    exit: str
    exit_device: str
    address: str  # of the receiver
    flag: str  # of tunrelay, for what is done to packets this way
    back_flag: str


DIRECTIONS = {
    "a_to_b": Direction("host-a", "host-b", "tunrelay-a", "tun0", "tunrelay-b", "tun1",
                        "10.5.2.1", "--a-to-b", "--b-to-a"),
    "b_to_a": Direction("host-b", "host-a", "tunrelay-b", "tun1", "tunrelay-a", "tun0",
                        "10.5.1.1", "--b-to-a", "--a-to-b"),
}


def inside(namespace, command):
    return ["ip", "netns", "exec", namespace, *command]


def _sysctl(namespace, *settings):
    run(inside(namespace, ["sysctl", "-qw", *settings]))


def begin_tcp_with(host, congestion_control, ecn):
    """By the route: of a network namespace's settings, it takes only what all users may have."""
    run(["ip", "-n", host, "route", "change", "default", "via", GATEWAYS[host], "congctl",
         congestion_control])
    _sysctl(host, f"net.ipv4.tcp_ecn={int(ecn)}")


def _add_host(host, end, tunnel_device, net, far_net):
    """HOST beside END, the tunnel's namespace: 10.5.NET.1 and .2."""
    run(["ip", "netns", "add", host])
    for namespace in (host, end):
        _sysctl(namespace, "net.ipv6.conf.default.disable_ipv6=1")
    run(["ip", "-n", host, "link", "add", DEVICE, "type", "veth", "peer", "name", DEVICE, "netns",
         end])
    for namespace, number in ((host, 1), (end, 2)):
        run(["ip", "-n", namespace, "address", "add", f"10.5.{net}.{number}/24", "dev", DEVICE])
        run(["ip", "-n", namespace, "link", "set", DEVICE, "up"])
    run(["ip", "-n", host, "route", "add", "default", "via", GATEWAYS[host]])
    run(["ip", "-n", end, "route", "add", f"10.5.{far_net}.0/24", "dev", tunnel_device])
    _sysctl(end, "net.ipv4.ip_forward=1")
    # No window remembered from the connection before.
    _sysctl(host, "net.ipv4.tcp_no_metrics_save=1")


class Network:
    """Without a link and without a qdisc at first."""

    def __init__(self, tunnel):
        self._tunnel = tunnel

    @staticmethod
    def _tunrelay(*arguments):
        run([str(TUNRELAY), "link", *arguments])

    @contextlib.contextmanager
    def stages(self, direction, text, seed, back=None):
        """tunrelay does TEXT to packets in DIRECTION, and BACK to those that come back."""
        flags = [] if back is None else [direction.back_flag, back]
        self._tunrelay("set", direction.flag, text, *flags, "--seed", str(seed))
        try:
            yield
        finally:
            self._tunrelay("clear")

    @contextlib.contextmanager
    def no_other_loss(self, direction, damages=False):
        """Raises Failed when packets were lost where nobody was to lose any. DAMAGES: the stages make
        some that a kernel refuses, those with another IP version for example."""
        allowed = (*REASONS_OF_STAGES, *(("target_refused",) if damages else ()))
        before = self._lost_elsewhere(direction, allowed)
        yield
        lost = self._lost_elsewhere(direction, allowed) - before
        if lost:
            raise Failed(f"{lost} packets were lost before or behind the stages: the machine is busy")

    def _lost_elsewhere(self, direction, allowed):
        (entry,) = json.loads(run(["ip", "-n", direction.entry, "-s", "-j", "link", "show",
                                   direction.entry_device]))
        report = json.loads(run([str(TUNRELAY), "link", "show", "--json"]))["report"]
        way = direction.flag.removeprefix("--").replace("-", "_")
        return entry["stats64"]["tx"]["dropped"] + sum(
            tally["segments"] for reason, tally in report[way]["dropped"].items()
            if reason not in allowed)

    @contextlib.contextmanager
    def qdiscs(self, direction, lines, back=None):
        """The kernel does: each of LINES is what stands behind `tc qdisc add dev DEVICE`."""
        if back is not None:
            self._tunrelay("set", direction.back_flag, back)
        try:
            for line in lines:
                run(["tc", "-n", direction.exit, "qdisc", "add", "dev", DEVICE, *line.split()])
            yield
        finally:
            run(["tc", "-n", direction.exit, "qdisc", "del", "dev", DEVICE, "root"])
            if back is not None:
                self._tunrelay("clear")


@contextlib.contextmanager
def network():
    """In the network namespace of this process, which ends with it. Super-packets are off: netem
    treats one as one packet."""
    tunnel = Tunnel(["--strategy", "namespaces", "--offload", "off", "--coalesce", "off",
                     "--queues", "1"])
    try:
        for end, device in (("tunrelay-a", "tun0"), ("tunrelay-b", "tun1")):
            run(["ip", "-n", end, "link", "set", device, "txqueuelen", TUNNEL_QUEUE_PACKETS])
        _add_host("host-a", "tunrelay-a", "tun0", 1, 2)
        _add_host("host-b", "tunrelay-b", "tun1", 2, 1)
        yield Network(tunnel)
    finally:
        tunnel.kill()


@contextlib.contextmanager
def capture(namespace, device, path, packet_filter, bytes_a_frame, only_in=True):
    """tcpdump writes what DEVICE of NAMESPACE sees to PATH. Raises Failed when it lost some."""
    way = ["-Q", "in" if only_in else "out"]
    command = ["tcpdump", "-i", device, "-n", "-Z", "root", "-B", "65536", "-s", str(bytes_a_frame),
               "--time-stamp-precision=nano", *way, "-w", str(path), packet_filter]
    with background(inside(namespace, command)) as tcpdump:
        said = ""
        for line in tcpdump.stdout:
            said += line
            if "listening on" in line:
                break
        else:
            raise Failed(f"tcpdump at {device} of {namespace}: {said.strip()}")
        yield
        tcpdump.send_signal(signal.SIGINT)
        said = tcpdump.stdout.read()
        if "\n0 packets dropped by kernel" not in said:
            raise Failed(f"tcpdump at {device} of {namespace} lost packets: {said.strip()}")


def missing_from_kernel():
    """Why this kernel can't be compared with; empty when it can. It has to be asked: a qdisc may be
    a module that is loaded when it is first used."""
    try:
        run(["tc", "qdisc", "add", "dev", "lo", "root", "netem", "delay", "1ms"])
        run(["tc", "qdisc", "del", "dev", "lo", "root"])
    except Failed as error:
        return f"this kernel has no netem: {error}"
    return ""


def table_file(name):
    """One of iproute2's tables of delays; None where it has none."""
    found = [path for folder in ("/usr/lib", "/usr/share")
             for path in (Path(folder, "tc", f"{name}.dist"), *Path(folder).glob(f"*/tc/{name}.dist"))
             if path.exists()]
    return found[0] if found else None
