#!/usr/bin/python3 -B
# SPDX-License-Identifier: MIT
"""The checkout holds what belongs to the project: at its top level the names below, and everywhere
text, which people can review, but for the seeds of fuzzers."""

import sources

TOP = {"CHANGELOG.md", "CMakeLists.txt", "CMakePresets.json", "CONTRIBUTING.md", "LICENSE", "README.md",
       "bench", "cmake", "docs", "examples", "pyproject.toml", "results", "service", "src", "tests",
       "tools"}


def check(root):
    findings = [f"{path.name}:1: does not belong at the top level"
                for path in sorted(root.iterdir())
                if path.name not in TOP | sources.NOT_OURS and not path.name.startswith(".")]
    return findings + [sources.finding(root, path, 1, "is not text") for path in sources.files(root, "*")
                       if b"\0" in path.read_bytes()]


if __name__ == "__main__":
    sources.report(check(sources.ROOT))
