#!/usr/bin/python3 -B
# SPDX-License-Identifier: MIT
"""shellcheck finds nothing in the shell scripts."""

import subprocess

import sources


def check(root):
    sources.need_tool("shellcheck")
    paths = [str(path) for path in sources.shell_scripts(root)]
    if not paths:
        return []
    done = subprocess.run(["shellcheck", "--external-sources", "--format=gcc", *paths],
                          stdout=subprocess.PIPE, text=True, check=False, cwd=root)
    return done.stdout.splitlines() if done.returncode != 0 else []


if __name__ == "__main__":
    sources.report(check(sources.ROOT))
