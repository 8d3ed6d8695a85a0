#!/usr/bin/python3 -B
"""clang-tidy finds nothing in the C++ files of one folder: check_tidy.py BUILD FOLDER.

It also shows what clang warns of and g++ does not, since it compiles every file with clang's
eyes. A file whose inputs have not changed since it was last found clean is not looked at
again; BUILD/tidy remembers that."""

import hashlib
import json
import re
import subprocess
import sys
from pathlib import Path

import sources

# What clang reports beyond .clang-tidy: its own warnings, of the flags that g++ gets, but for
# those that it does not know.
OPTIONS = ["--quiet", "--checks=clang-diagnostic-*", "--extra-arg=-Wno-unknown-warning-option"]


def our_includes(root, path):
    """The files of ours that PATH includes, directly."""
    for name in re.findall(r'^\s*#\s*include\s*"([^"]+)"', path.read_text(), re.MULTILINE):
        for folder in (root / "src", root / "tests", root / "bench", path.parent):
            if (folder / name).exists():
                yield (folder / name).resolve()
                break


def fingerprint(root, path, command):
    """Changes when anything of ours changes that clang-tidy would look at."""
    seen, left = set(), [path]
    while left:
        at = left.pop()
        if at not in seen:
            seen.add(at)
            left += our_includes(root, at)
    digest = hashlib.sha256((command + " ".join(OPTIONS)).encode())
    for file in sorted(seen) + sources.files(root, ".clang-tidy"):
        digest.update(file.read_bytes())
    return digest.hexdigest()


def check_file(root, build, path, command):
    clean = build / "tidy" / fingerprint(root, path, command)
    if clean.exists():
        return []
    done = subprocess.run(["clang-tidy", "-p", str(build), *OPTIONS, str(path)],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode != 0:
        return (done.stdout or done.stderr).replace(f"{root}/", "").splitlines()
    clean.parent.mkdir(parents=True, exist_ok=True)
    clean.touch()
    return []


def check(root, build, folder):
    sources.need_tool("clang-tidy")
    commands = json.loads((build / "compile_commands.json").read_text())
    findings = []
    for entry in commands:
        path = Path(entry["file"]).resolve()
        if (root / folder) in (path.parent, *path.parent.parents) and path.exists():
            findings += check_file(root, build, path, entry["command"])
    return findings


if __name__ == "__main__":
    sources.report(check(sources.ROOT, Path(sys.argv[1]).resolve(), sys.argv[2]))
