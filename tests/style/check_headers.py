#!/usr/bin/python3 -B
# SPDX-License-Identifier: MIT
"""All headers of the program can be read as one: no name means two things in two modules, which no
compiler sees that is given one module at a time, and which the linker takes for the same.
check_headers.py BUILD"""

import argparse
import json
import re
import shlex
import subprocess
from pathlib import Path

import check_tidy
import sources


def compiler(build):
    """That of the build; what may stand before it are launchers."""
    command = json.loads((build / "compile_commands.json").read_text())[0]["command"]
    words = shlex.split(command)
    return words[next(at for at, word in enumerate(words) if word.startswith("-")) - 1]


def conflicts(root, build):
    """What the compiler says of a file that includes every header of src."""
    folders = sorted(f"src/{path.name}" for path in (root / "src").iterdir() if path.is_dir())
    flags = []
    for more, _ in check_tidy.units(root, build, folders):
        flags += check_tidy.joined_flags(flags, more)
    everything = "".join(f'#include "{path}"\n' for path in sorted((root / "src").rglob("*.hpp")))
    done = subprocess.run([compiler(build), *flags, "-fsyntax-only", "-x", "c++", "-"],
                          input=everything, stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode == 0:
        return []
    lines = [line for line in done.stderr.replace(f"{root}/", "").splitlines()
             if re.search(r"\b(error|note):", line)]
    return lines or done.stderr.splitlines()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("build", type=lambda text: Path(text).resolve())
    sources.report(conflicts(sources.ROOT, parser.parse_args().build))


if __name__ == "__main__":
    main()
