#!/usr/bin/python3 -B
# SPDX-License-Identifier: MIT
"""clang-tidy finds nothing in the C++ files of one folder: check_tidy.py BUILD FOLDER.

It also shows what clang warns of and g++ does not, since it compiles every file with clang's
eyes. Files whose inputs have not changed since they were last found clean are not looked at
again; BUILD/tidy remembers that."""

import hashlib
import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import sources

# What clang reports beyond .clang-tidy: its own warnings, of the flags that g++ gets, but for
# those that it does not know. Files that are looked at as one include .cpp files.
OPTIONS = ["--quiet", "--checks=clang-diagnostic-*,-bugprone-suspicious-include",
           "--extra-arg=-Wno-unknown-warning-option"]


def our_includes(root, path):
    """The files of ours that PATH includes, directly."""
    for name in re.findall(r'^\s*#\s*include\s*"([^"]+)"', path.read_text(), re.MULTILINE):
        for folder in (root / "src", root / "tests", root / "bench", path.parent):
            if (folder / name).exists():
                yield (folder / name).resolve()
                break


def fingerprint(root, paths, flags):
    """Changes when anything of ours changes that clang-tidy would look at."""
    seen, left = set(), list(paths)
    while left:
        at = left.pop()
        if at not in seen:
            seen.add(at)
            left += our_includes(root, at)
    digest = hashlib.sha256(" ".join((*flags, *OPTIONS)).encode())
    for file in sorted(seen) + sources.files(root, ".clang-tidy"):
        digest.update(file.read_bytes())
    return digest.hexdigest()


def compiled_files(entry):
    """The files of ours that one entry of compile_commands.json compiles: one, or all that a
    unity build has put together."""
    path = Path(entry["file"])
    if "unity_" not in path.name:
        return [path.resolve()]
    return [Path(name).resolve()
            for name in re.findall(r'^#include "([^"]+)"', path.read_text(), re.MULTILINE)]


def units(root, build, folder):
    """[(compiler's flags, files)]: the files of FOLDER, those of one program or module together."""
    found = {}
    for entry in json.loads((build / "compile_commands.json").read_text()):
        words = shlex.split(entry["command"])
        at = words.index("-o")
        flags = tuple(word for word in words[1:at] + words[at + 2:]
                      if word not in ("-c", entry["file"]))
        for path in compiled_files(entry):
            if (root / folder) in (path.parent, *path.parent.parents):
                target = words[at + 1].partition(".dir/")[0]
                found.setdefault((target, flags), []).append(path)
    return [(flags, paths) for (_, flags), paths in found.items()]


def check_unit(root, build, flags, paths):
    """The files are looked at as one, so that what they include is read once."""
    clean = build / "tidy" / fingerprint(root, paths, flags)
    if clean.exists():
        return []
    clean.parent.mkdir(parents=True, exist_ok=True)
    unit = clean.with_suffix(".cpp")
    unit.write_text("".join(f'#include "{path}"\n' for path in paths))
    done = subprocess.run(["clang-tidy", *OPTIONS, str(unit), "--", *flags],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
    unit.unlink()
    if done.returncode != 0:
        return (done.stdout or done.stderr).replace(f"{root}/", "").splitlines()
    clean.touch()
    return []


def check(root, build, folder):
    sources.need_tool("clang-tidy")
    sources.need_release("clang-tidy")
    findings = []
    for flags, paths in units(root, build, folder):
        findings += check_unit(root, build, flags, paths)
    return findings


if __name__ == "__main__":
    sources.report(check(sources.ROOT, Path(sys.argv[1]).resolve(), sys.argv[2]))
