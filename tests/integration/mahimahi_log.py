# SPDX-License-Identifier: MIT
"""Reads a log of mahimahi's mm-link, as its own scripts do, and prints what is in it as JSON."""

import json
import re
import sys


def read(path):
    totals = {kind: {"packets": 0, "bytes": 0} for kind in ("+", "-", "#", "d")}
    base, delays, last = None, [], 0
    for number, line in enumerate(open(path), 1):
        head = re.match(r"# base timestamp: (\d+)$", line)
        if head:
            assert base is None, f"line {number}: a second base timestamp"
            base = int(head.group(1))
        if line.startswith("#"):
            continue
        fields = line.split()
        assert base is not None, f"line {number}: no base timestamp yet"
        assert all(re.fullmatch(r"\d+", field) for field in fields[:1] + fields[2:]), line
        time, kind = int(fields[0]) - base, fields[1]
        assert kind in totals, line
        assert time + 50 >= last, f"line {number}: far out of order"
        last = max(last, time)
        if kind == "d":
            assert len(fields) == 4, line
            totals[kind]["packets"] += int(fields[2])
            totals[kind]["bytes"] += int(fields[3])
            continue
        assert len(fields) == (4 if kind == "-" else 3), line
        totals[kind]["packets"] += 1
        totals[kind]["bytes"] += int(fields[2])
        if kind == "-":
            delay = int(fields[3])
            assert 0 <= delay <= time, line
            delays.append(delay)
    delays.sort()
    at = lambda share: delays[min(len(delays) - 1, int(share * len(delays)))] if delays else 0
    return {"totals": totals, "p50_ms": at(0.5), "p99_ms": at(0.99), "last_ms": last}


print(json.dumps(read(sys.argv[1])))
