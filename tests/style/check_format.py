#!/usr/bin/python3 -B
"""Every C++ file stands as clang-format writes it."""

import subprocess

import sources


def check(root):
    sources.need_tool("clang-format")
    findings = []
    for path in sources.cpp_files(root):
        done = subprocess.run(["clang-format", "--dry-run", "-Werror", "--style=file", str(path)],
                              stderr=subprocess.PIPE, text=True, check=False)
        if done.returncode != 0:
            line = int(done.stderr.split(":")[1])
            mend = f"not formatted: clang-format -i {path.relative_to(root)}"
            findings.append(sources.finding(root, path, line, mend))
    return findings


if __name__ == "__main__":
    sources.report(check(sources.ROOT))
