#!/usr/bin/python3 -B
# SPDX-License-Identifier: MIT
"""Who may include whom: every `#include "MODULE/..."` below src/ must stand in the table of
src/CMakeLists.txt, and the table itself must keep apart what the design keeps apart."""

import re

import sources

# Pairs that must not reach each other, not even through a third module: routes are applied to
# devices that anybody made, and an engine gets plain descriptors, so that a socketpair can
# stand in for a device.
APART = [("route", "relay"), ("engine", "device")]

# Headers that only one module may know, so that what they bring can be replaced in one place.
ONLY_IN = {"liburing.h": "engine", "linux/io_uring.h": "engine", "linux/if_tun.h": "device"}

# Modules that see nothing but what is written here, whatever the table says.
PURE = {"base": set(), "packet": {"base"}}


def read_table(root):
    """{module: modules that it may include} from the tunrelay_module() lines."""
    text = (root / "src/CMakeLists.txt").read_text()
    table = {}
    for module, arguments in re.findall(r"^tunrelay_module\((\w+)([^)]*)\)", text, re.MULTILINE):
        modules = re.search(r"\bMODULES((?:\s+[a-z_]+)+)", arguments)
        table[module] = set(modules.group(1).split()) if modules else set()
    return table


def reachable(table, module):
    seen, left = set(), [module]
    while left:
        for other in table.get(left.pop(), set()) - seen:
            seen.add(other)
            left.append(other)
    return seen


def check_table(table):
    findings = []
    for one, other in APART:
        for module, forbidden in ((one, other), (other, one)):
            if forbidden in reachable(table, module):
                findings.append(f"src/CMakeLists.txt:1: {module} reaches {forbidden}")
    for module, allowed in PURE.items():
        if table.get(module, set()) - allowed:
            findings.append(f"src/CMakeLists.txt:1: {module} must see only {sorted(allowed)}")
    return findings


def check_line(table, module, header, quoted):
    """What is wrong with including HEADER in MODULE, or None."""
    if ONLY_IN.get(header, module) != module:
        return f"only {ONLY_IN[header]} includes {header}"
    if not quoted:
        return None
    target = header.split("/")[0]
    if "/" not in header or target not in table:
        return f'"{header}" names no module: write "MODULE/FILE"'
    if module != "." and target != module and target not in table.get(module, set()):
        return f"{module} must not include {target}"
    return None


def check(root):
    table = read_table(root)
    findings = check_table(table)
    for path in sources.cpp_files(root / "src"):
        place = path.relative_to(root / "src").parts
        module = place[0] if len(place) > 1 else "."  # main.cpp sees all
        if module != "." and module not in table:
            findings.append(sources.finding(root, path, 1, f"{module} has no row in src/CMakeLists.txt"))
            continue
        for number, line in enumerate(path.read_text().splitlines(), 1):
            include = re.match(r'\s*#\s*include\s*([<"])([^>"]+)[>"]', line)
            if include:
                wrong = check_line(table, module, include.group(2), include.group(1) == '"')
                if wrong:
                    findings.append(sources.finding(root, path, number, wrong))
    return findings


if __name__ == "__main__":
    sources.report(check(sources.ROOT))
