#!/usr/bin/python3 -B
# SPDX-License-Identifier: MIT
"""What the sources say of each other is so: a comment or a document names no C++ file that is not
there, and the table of src/CMakeLists.txt grants no include that nobody makes."""

import re

import check_includes
import sources

# Where a name such as "relay/lane.hpp" may begin.
BASES = ("", "src", "tests", "tests/unit", "src/plugin", "src/embed")

NAMED_FILE = re.compile(r"(?<![\w./<*-])((?:[a-z0-9_]+/)+[a-z0-9_]+\.(?:hpp|cpp))\b")

# Made by the build, or by who follows CONTRIBUTING.md.
MADE = {"cli/git_commit.hpp", "base/build_info.hpp", "src/stage/drop_every.hpp"}


def is_there(root, folder, name):
    return name in MADE or (folder / name).exists() or any(
        (root / base / name).exists() for base in BASES)


def check_named_files(root):
    findings = []
    documents = sources.files(root, "*.md", "CMakeLists.txt", "*.cmake", "*.toml")
    for path in sources.cpp_files(root) + documents:
        if path.is_relative_to(root / "results"):
            continue  # says what was when it was measured
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1):
            if re.match(r"\s*#\s*include", line):
                continue  # the compiler's business
            findings += [sources.finding(root, path, number, f"there is no {name}")
                         for name in NAMED_FILE.findall(line)
                         if not is_there(root, path.parent, name)]
    return findings


def check_granted(root):
    """Includes that the table grants, of modules that have files, and that nobody makes."""
    used = {}
    for path in sources.cpp_files(root / "src"):
        module = path.relative_to(root / "src").parts[0]
        included = re.findall(r'^\s*#\s*include\s*"(\w+)/', path.read_text(), re.MULTILINE)
        used.setdefault(module, set()).update(included)
    return [f"src/CMakeLists.txt:1: {module} may include {other}, and does not"
            for module, granted in sorted(check_includes.read_table(root).items())
            for other in sorted(granted - used.get(module, granted))]


def check(root):
    return check_named_files(root) + check_granted(root)


if __name__ == "__main__":
    sources.report(check(sources.ROOT))
