# SPDX-License-Identifier: MIT
"""The links that are compared: each a context manager that makes 192.168.13.1 and .2 the two ends
of a link in the network namespace of this process, and takes nothing down: that ends with the
namespace. All but tunrelay get the routing of its strategy `policy` by `tunrelay routes`, so that
they differ by what moves the packets alone. The routes have TCP begin with ROUTING's congestion
control. Each yields the process that moves the packets, None where that is the kernel."""

import contextlib
import os
import tempfile
from pathlib import Path

from measuring.process import background, run, wait_until

ROOT = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("TUNRELAY_BUILD", ROOT / "build/release"))
TUNRELAY = Path(os.environ.get("TUNRELAY_PROGRAM", BUILD / "tunrelay"))
LOOP = BUILD / "bench/plain_loop"


def _exists(device):
    return Path("/sys/class/net", device).exists()


def _route(device_a, device_b, routing):
    run([str(TUNRELAY), "routes", "apply", "-a", device_a, "-b", device_b, *routing])


def _until_line(process, beginning):
    """Reads what PROCESS prints up to a line with that beginning."""
    for line in process.stdout:
        if line.startswith(beginning):
            return
    wait_until(lambda: False, f"'{beginning}'", time_limit_s=0)


@contextlib.contextmanager
def tunrelay(routing, *flags):
    with background([str(TUNRELAY), "run", *routing, *flags]) as process:
        _until_line(process, "ready")
        yield process.pid


@contextlib.contextmanager
def veth(routing):
    run(["ip", "link", "add", "peer0", "type", "veth", "peer", "name", "peer1"])
    _route("peer0", "peer1", routing)
    yield None


@contextlib.contextmanager
def loop(routing, *flags):
    with background([str(LOOP), "loop0", "loop1", *flags]) as process:
        _until_line(process, "ready")
        _route("loop0", "loop1", routing)
        yield process.pid


@contextlib.contextmanager
def socat(routing):
    ends = [f"TUN,tun-name=cat{n},iff-no-pi,iff-up" for n in (0, 1)]
    with background(["socat", *ends]) as process:
        wait_until(lambda: _exists("cat0") and _exists("cat1"), "socat's interfaces")
        _route("cat0", "cat1", routing)
        yield process.pid


@contextlib.contextmanager
def testpmd(routing):
    """Two net_tap devices; a core of its own for each of DPDK's two threads."""
    cores = sorted(os.sched_getaffinity(0))
    lcores = f"{cores[0]},{cores[-1]}" if len(cores) > 1 else f"(0-1)@{cores[0]}"
    with background(["dpdk-testpmd", "--no-huge", "-m", "512", "--no-pci", "--lcores", lcores,
                     "--no-telemetry", "--vdev", "net_tap0,iface=pmd0",
                     "--vdev", "net_tap1,iface=pmd1", "--", "--auto-start", "--forward-mode=io",
                     "--total-num-mbufs=16384", "--stats-period=3600"]) as process:
        wait_until(lambda: _exists("pmd0") and _exists("pmd1"), "testpmd's interfaces")
        _route("pmd0", "pmd1", routing)
        yield process.pid


@contextlib.contextmanager
def open_vswitch(routing, segmentation_offload):
    """The user-space datapath with two internal ports."""
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        os.environ.update(OVS_RUNDIR=folder, OVS_DBDIR=folder, OVS_LOGDIR=folder)
        database, socket = f"{folder}/conf.db", f"unix:{folder}/db.sock"
        run(["ovsdb-tool", "create", database, "/usr/share/openvswitch/vswitch.ovsschema"])
        stack.enter_context(background(["ovsdb-server", database, f"--remote=p{socket}"]))
        wait_until(lambda: Path(folder, "db.sock").exists(), "ovsdb-server")
        vsctl = ["ovs-vsctl", "--timeout=20", f"--db={socket}"]
        run([*vsctl, "--no-wait", "init"])
        run([*vsctl, "--no-wait", "set", "Open_vSwitch", ".",
             f"other_config:userspace-tso-enable={'true' if segmentation_offload else 'false'}"])
        switch = stack.enter_context(background(["ovs-vswitchd", socket]))
        run([*vsctl, "add-br", "bridge", "--", "set", "bridge", "bridge",
             "datapath_type=netdev", "fail-mode=standalone"])
        for port in ("ovs0", "ovs1"):
            run([*vsctl, "add-port", "bridge", port, "--", "set", "interface", port,
                 "type=internal"])
        wait_until(lambda: _exists("ovs0") and _exists("ovs1"), "Open vSwitch's ports")
        _route("ovs0", "ovs1", routing)
        yield switch.pid


# In the order of the table; the first is what all are compared with.
PEERS = {
    "veth": veth,
    "tunrelay": tunrelay,
    "tunrelay-1-queue": lambda routing: tunrelay(routing, "--queues", "1"),
    "tunrelay-tap": lambda routing: tunrelay(routing, "--type", "tap"),
    "tunrelay-busy-poll": lambda routing: tunrelay(routing, "--busy-poll", "50us"),
    "tunrelay-syscall": lambda routing: tunrelay(routing, "--engine", "syscall"),
    "tunrelay-no-offload": lambda routing: tunrelay(routing, "--offload", "off"),
    "loop": lambda routing: loop(routing, "--offload"),
    "loop-batch-8": lambda routing: loop(routing, "--offload", "--batch", "8"),
    "loop-no-offload": loop,
    "socat": socat,
    "testpmd": testpmd,
    "open-vswitch": lambda routing: open_vswitch(routing, False),
    "open-vswitch-tso": lambda routing: open_vswitch(routing, True),
}
# What a table says of each.
DESCRIPTIONS = {
    "veth": "the kernel's own pair: no program moves its packets",
    "tunrelay": "defaults",
    "tunrelay-1-queue": "--queues 1",
    "tunrelay-tap": "--type tap",
    "tunrelay-busy-poll": "--busy-poll 50us",
    "tunrelay-syscall": "--engine syscall",
    "tunrelay-no-offload": "--offload off",
    "loop": "bench/plain_loop.cpp: poll, read, write, over virtio-net headers",
    "loop-batch-8": "the same in batches: up to eight reads, then as many writes",
    "loop-no-offload": "the same as loop, without virtio-net headers",
    "socat": "two TUN devices of socat",
    "testpmd": "DPDK's testpmd with two net_tap devices",
    "open-vswitch": "its user-space datapath",
    "open-vswitch-tso": "the same with userspace-tso-enable",
}
# The program that a peer needs, where it may be missing.
NEEDS = {"socat": "socat", "testpmd": "dpdk-testpmd", "open-vswitch": "ovs-vswitchd",
         "open-vswitch-tso": "ovs-vswitchd"}
