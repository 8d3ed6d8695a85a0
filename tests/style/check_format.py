#!/usr/bin/python3 -B
# SPDX-License-Identifier: MIT
"""Every C++ file stands as clang-format writes it."""

import re
import subprocess
from pathlib import Path

import sources


def check(root):
    sources.need_tool("clang-format")
    sources.need_release("clang-format")
    # All in one run: to start takes it longer than most of the files.
    done = subprocess.run(["clang-format", "--dry-run", "-Werror", "--style=file",
                           *map(str, sources.cpp_files(root))],
                          stderr=subprocess.PIPE, text=True, check=False)
    lines = {}
    for name, line in re.findall(r"^(\S.*?):(\d+):\d+: error: code should be clang-formatted",
                                 done.stderr, re.MULTILINE):
        lines.setdefault(name, int(line))
    if done.returncode != 0 and not lines:
        return done.stderr.splitlines()
    return [sources.finding(root, Path(name), line,
                            f"not formatted: clang-format -i {Path(name).relative_to(root)}")
            for name, line in lines.items()]


if __name__ == "__main__":
    sources.report(check(sources.ROOT))
