# SPDX-License-Identifier: MIT
"""What the tests of the Python package share."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples/python"
PROGRAM = os.environ.get("TUNRELAY_PROGRAM", str(ROOT / "build/release/tunrelay"))


def udp_packets(count, size=100):
    """IPv4 packets of UDP, complete with checksums; each has its number."""
    from scapy.layers.inet import IP, UDP

    return [bytes(IP(src="10.0.0.1", dst="10.0.0.2", id=number + 1) / UDP(sport=1, dport=2) /
                  number.to_bytes(size, "big")) for number in range(count)]


def ping(tunnel, count=1, *more):
    """How many of COUNT pings across were answered."""
    result = tunnel.run(["ping", "-n", "-c", str(count), "-i", "0.02", "-W", "1", *more,
                         tunnel.b.address], capture_output=True, text=True)
    received = [line for line in result.stdout.splitlines() if " received" in line]
    return int(received[0].split(" received")[0].split()[-1]) if received else 0


def python(text, *arguments, **options):
    """A program of its own, with the package under test."""
    return subprocess.run([sys.executable, "-c", text, *arguments], capture_output=True, text=True,
                          timeout=60, **options)


def wait_for(condition, limit_s=5.0):
    """Whether CONDITION came true in time."""
    end = time.monotonic() + limit_s
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.01)
    return True


def network_state():
    """What of the host's network a tunnel could leave behind."""
    return [subprocess.run(["ip", *words.split()], capture_output=True, text=True).stdout
            for words in ("-o link show", "rule show", "-6 rule show", "route show table all",
                          "-o addr show")]


@pytest.fixture(autouse=True)
def host_stays_as_it_was():
    before = network_state()
    yield
    assert network_state() == before
