#!/usr/bin/python3 -B
# SPDX-License-Identifier: MIT
"""tools/packages.txt: every package stands in a section, once, with its reason; and no other
file has a list of its own."""

import re

import sources

SECTIONS = ("build", "run", "test", "peers", "kernels", "distributions")


def check_list(root):
    findings, seen, section = [], set(), None
    path = root / "tools/packages.txt"
    for number, line in enumerate(path.read_text().splitlines(), 1):
        heading = re.fullmatch(r"\[(\w+)\]", line)
        if heading:
            section = heading.group(1)
        if heading or not line or line.startswith("#"):
            continue
        entry = re.fullmatch(r"([a-z0-9][a-z0-9.+-]+)\s+# \S.*", line)
        name = entry.group(1) if entry else line
        if not entry:
            findings.append(sources.finding(root, path, number, "not `package  # reason`"))
        elif section not in SECTIONS:
            findings.append(sources.finding(root, path, number, f"{name} is in no known section"))
        elif name in seen:
            findings.append(sources.finding(root, path, number, f"{name} stands there twice"))
        seen.add(name)
    return findings


def check(root):
    findings = check_list(root)
    for path in sources.shell_scripts(root):
        for number, line in enumerate(path.read_text().splitlines(), 1):
            # With the name of a package behind it, not with a variable.
            if re.search(r"^[^#]*\bapt(-get)?\s+install(\s+-\S+)*\s+[a-z]", line):
                findings.append(
                    sources.finding(root, path, number, "packages belong in tools/packages.txt"))
    return findings


if __name__ == "__main__":
    sources.report(check(sources.ROOT))
