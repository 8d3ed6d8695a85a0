# SPDX-License-Identifier: MIT
"""What a result was measured on, as far as it can be read."""

import os
import platform
import re
import subprocess
from pathlib import Path


def _read(path):
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except OSError:
        return None


def _first_line(command):
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              check=False)
    except OSError:
        return None
    return done.stdout.splitlines()[0] if done.stdout else None


def commit_of(root):
    """That of the checkout ROOT."""
    return _first_line(["git", "-C", str(root), "describe", "--always", "--dirty"])


def describe(root, tunrelay):
    """ROOT: the checkout; TUNRELAY: the program."""
    processor = re.search(r"model name\s*: (.*)", _read("/proc/cpuinfo") or "")
    memory = re.search(r"MemTotal:\s*(\d+) kB", _read("/proc/meminfo") or "")
    mitigations = {path.name: _read(path)
                   for path in sorted(Path("/sys/devices/system/cpu/vulnerabilities").glob("*"))}
    return {
        "kernel": platform.release(),
        "machine": platform.machine(),
        "processor": processor.group(1) if processor else None,
        "cpus": len(os.sched_getaffinity(0)),
        "memory_bytes": int(memory.group(1)) * 1024 if memory else None,
        "governor": _read("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"),
        "mitigations": {name: state for name, state in mitigations.items()
                        if state and "Not affected" not in state},
        "virtual": _first_line(["systemd-detect-virt"]),
        "default_congestion_control": _read("/proc/sys/net/ipv4/tcp_congestion_control"),
        "default_qdisc": _read("/proc/sys/net/core/default_qdisc"),
        "tcp_wmem": _read("/proc/sys/net/ipv4/tcp_wmem"),
        "tcp_rmem": _read("/proc/sys/net/ipv4/tcp_rmem"),
        "load_average": _read("/proc/loadavg"),
        "iperf3": _first_line(["iperf3", "--version"]),
        "tunrelay": _first_line([str(tunrelay), "--version"]),
        "commit": commit_of(root),
    }
