#!/usr/bin/python3 -B
# SPDX-License-Identifier: MIT
"""clang-tidy finds nothing in the C++ files of some folders:
check_tidy.py all|most|few BUILD FOLDER...

It also shows what clang warns of and g++ does not, since it compiles every file with clang's
eyes. Folders that are named together are looked at as one file, since most of the time goes into
what they include; so names in their anonymous namespaces differ. Files whose
inputs have not changed since they were last found clean are not looked at again; BUILD/tidy
remembers that.

`all` is what .clang-tidy names. `most` leaves out some checks that together take a third of the
time; `few`, for tests, takes the warnings of clang, names, and three cheap checks. tools/test --long
uses `all`."""

import argparse
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
# Of one that is a group of modules, names at the top of another module's files are not shadowed.
COMMON_OPTIONS = ["--quiet", "--extra-arg=-Wno-unknown-warning-option"]
SLOW_CHECKS = ("bugprone-dangling-handle", "bugprone-infinite-loop",
               "bugprone-misplaced-widening-cast", "bugprone-not-null-terminated-result",
               "bugprone-sizeof-expression", "bugprone-suspicious-string-compare",
               "bugprone-unused-raii", "bugprone-unused-return-value", "cppcoreguidelines-slicing",
               "misc-definitions-in-headers", "performance-type-promotion-in-math-fn",
               "readability-redundant-declaration")
ALL_CHECKS = "clang-diagnostic-*,-bugprone-suspicious-include"
CHECKS = {"all": ALL_CHECKS,
          "most": ",".join((ALL_CHECKS, *(f"-{name}" for name in SLOW_CHECKS))),
          "few": "-*,clang-diagnostic-*,readability-identifier-naming,bugprone-use-after-move,"
                 "misc-unused-using-decls,modernize-use-override"}


def our_includes(root, path):
    """The files of ours that PATH includes, directly."""
    for name in re.findall(r'^\s*#\s*include\s*"([^"]+)"', path.read_text(), re.MULTILINE):
        for folder in (root / "src", root / "tests", root / "bench", path.parent):
            if (folder / name).exists():
                yield (folder / name).resolve()
                break


def fingerprint(root, paths, flags, options):
    """Changes when anything of ours changes that clang-tidy would look at."""
    seen, left = set(), list(paths)
    while left:
        at = left.pop()
        if at not in seen:
            seen.add(at)
            left += our_includes(root, at)
    digest = hashlib.sha256(" ".join((*flags, *options)).encode())
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


def units(root, build, folders):
    """[(compiler's flags, files)]: modules and their tests together, in the order of FOLDERS; others
    by the program that they are part of."""
    found = {}
    entries = json.loads((build / "compile_commands.json").read_text())
    for folder in folders:
        for entry in entries:
            words = shlex.split(entry["command"])
            at = words.index("-o")
            flags = [word for word in words[1:at] + words[at + 2:]
                     if word not in ("-c", entry["file"])]
            program = words[at + 1].partition(".dir/")[0]
            if folder.startswith("src/") or program.endswith("_test"):
                program = ""
            for path in compiled_files(entry):
                if (root / folder) in (path.parent, *path.parent.parents):
                    unit_flags, paths = found.setdefault(program, ([], []))
                    unit_flags += joined_flags(unit_flags, flags)
                    if path not in paths:
                        paths.append(path)
    return list(found.values())


def joined_flags(present, flags):
    """Those of FLAGS that PRESENT lacks. -isystem and its folder are two words."""
    pairs = [("-isystem", flags[at + 1]) if flag == "-isystem" else (flag,)
             for at, flag in enumerate(flags) if at == 0 or flags[at - 1] != "-isystem"]
    return [word for pair in pairs if pair[-1] not in present for word in pair]


def check_unit(build, flags, paths, options):
    """The files are looked at as one, so that what they include is read once."""
    clean = build / "tidy" / fingerprint(sources.ROOT, paths, flags, options)
    if clean.exists():
        return []
    clean.parent.mkdir(parents=True, exist_ok=True)
    unit = clean.with_suffix(".cpp")
    unit.write_text("".join(f'#include "{path}"\n' for path in paths))
    done = subprocess.run(["clang-tidy", *options, str(unit), "--", *flags],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
    unit.unlink()
    if done.returncode != 0:
        return (done.stdout or done.stderr).replace(f"{sources.ROOT}/", "").splitlines()
    clean.touch()
    return []


def check(build, folders, options):
    sources.need_tool("clang-tidy")
    sources.need_release("clang-tidy")
    findings = []
    for flags, paths in units(sources.ROOT, build, folders):
        findings += check_unit(build, flags, paths, options)
    return findings


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("checks", choices=CHECKS)
    parser.add_argument("build", type=lambda text: Path(text).resolve())
    parser.add_argument("folders", nargs="+")
    arguments = parser.parse_args()
    options = [*COMMON_OPTIONS, f"--checks={CHECKS[arguments.checks]}"]
    if len(arguments.folders) > 1:
        options.append("--extra-arg=-Wno-shadow")
    sources.report(check(arguments.build, arguments.folders, options))


if __name__ == "__main__":
    main()
