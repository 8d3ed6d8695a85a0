# SPDX-License-Identifier: MIT
"""What a tunnel may not leave changed: links, addresses, rules, routes, sysctls, named network
namespaces, journals and sockets, as lines that can be compared."""

import json
import os
import time
from pathlib import Path

from measuring.process import run

LOOKS = {"link": ["ip", "-d", "-j", "link", "show"],
         "address": ["ip", "-j", "address", "show"],
         "rule": ["ip", "-4", "-j", "rule", "show"],
         "rule6": ["ip", "-6", "-j", "rule", "show"],
         "route": ["ip", "-4", "-j", "route", "show", "table", "all"],
         "route6": ["ip", "-6", "-j", "route", "show", "table", "all"]}
SYSCTLS = ("ipv4/ip_forward", "ipv4/ip_nonlocal_bind", "ipv6/ip_nonlocal_bind")
FAMILIES = ("ipv4/conf", "ipv6/conf")
FOLDERS = ("/run/netns", "/run/tunrelay")
# What differs between two looks at the same state.
MOVING = {"ifindex", "valid_life_time", "preferred_life_time", "expires", "cache", "gc_timer",
          "users", "age", "promiscuity"}
PAUSE_S = 0.005


def _without_moving(item):
    if isinstance(item, dict):
        return {key: _without_moving(value) for key, value in item.items() if key not in MOVING}
    if isinstance(item, list):
        return [_without_moving(value) for value in item]
    return item


def _entries(folder):
    """What stands in FOLDER, but for journals without a change (whole lines behind the first)."""
    try:
        names = os.listdir(folder)
    except FileNotFoundError:
        return []
    return [name for name in names
            if not name.endswith(".journal")
            or Path(folder, name).read_text(encoding="utf-8").count("\n") > 1]


def _settings(folder):
    # os.walk() passes by a folder that goes with its interface meanwhile.
    for path in sorted(Path(at, name) for at, _, names in os.walk(folder) for name in names):
        try:
            yield f"sysctl {path} {path.read_text(encoding='utf-8').strip()}"
        except OSError:  # gone with its interface, or not to be read by anyone
            continue


def look():
    """The state as a set of lines. Raises measuring.process.Failed."""
    lines = set()
    for kind, command in LOOKS.items():
        for item in json.loads(run(command) or "[]"):
            lines.add(f"{kind} {json.dumps(_without_moving(item), sort_keys=True)}")
    for name in SYSCTLS:
        lines.add(f"sysctl {name} {Path('/proc/sys/net', name).read_text(encoding='utf-8').strip()}")
    for family in FAMILIES:
        lines.update(_settings(Path("/proc/sys/net", family)))
    for folder in FOLDERS:
        lines.update(f"file {folder}/{name}" for name in _entries(folder))
    return lines


def differences(before, after):
    """Lines that went, with a minus, and that came, with a plus."""
    return ([f"- {line}" for line in sorted(before - after)]
            + [f"+ {line}" for line in sorted(after - before)])


def wait_for(before, time_limit_s):
    """Until the state is BEFORE again: how many seconds that took, and what differs at the end."""
    begun = time.monotonic()
    while True:
        left = differences(before, look())
        passed = time.monotonic() - begun
        if not left or passed > time_limit_s:
            return passed, left
        time.sleep(PAUSE_S)
