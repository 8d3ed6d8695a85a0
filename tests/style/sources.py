# SPDX-License-Identifier: MIT
"""What the checks of this folder share: which files there are, their text without comments,
and how findings are reported. Every check is a function from the checkout's root to a list of
findings, so that checks_test.py can hand it a tree with faults in it."""

import importlib
import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

# What is made, not written: by the build, by git, by a fuzzer.
NOT_OURS = {"build", ".git", ".cache", "corpus", "__pycache__", ".vscode", ".idea"}


def files(root, *patterns):
    """The files below ROOT that match one of the PATTERNS, such as '*.cpp'."""
    found = []
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(set(folders) - NOT_OURS)
        found += [Path(folder, name) for name in sorted(names)]
    return [path for path in found if any(path.match(pattern) for pattern in patterns)]


def cpp_files(root):
    return files(root, "*.cpp", "*.hpp")


def shell_scripts(root):
    """Files whose first line names a shell, and those made to be sourced."""
    found = files(root, "*.sh")
    for path in files(root, "*"):
        with open(path, "rb") as file:
            if re.match(rb"#!.*\b(ba)?sh\b", file.readline()) and path not in found:
                found.append(path)
    return found


def without_comments(text):
    """C++ TEXT with comments, string and character literals blanked and preprocessor lines
    emptied; every line keeps its number."""

    def blank(match):
        kept = re.sub(r"[^\n]", " ", match.group())
        return '""' + kept[2:] if match.group().startswith('"') else kept

    text = re.sub(r'R"(\w*)\(.*?\)\1"', lambda m: re.sub(r"[^\n]", " ", m.group()), text,
                  flags=re.DOTALL)
    text = re.sub(
        r"//[^\n]*|/\*.*?\*/|\"(?:\\.|[^\"\\\n])*\"|(?<![0-9a-fA-F])'(?:\\.|[^'\\\n])+'",
        blank, text, flags=re.DOTALL)
    return re.sub(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", lambda m: "\n" * m.group().count("\n"), text,
                  flags=re.MULTILINE)


def finding(root, path, line, what):
    return f"{path.relative_to(root)}:{line}: {what}"


def skips_are_forbidden():
    return os.environ.get("CI") == "true" or os.environ.get("TUNRELAY_NO_SKIP") == "1"


def need_tool(name):
    """Ends the check as skipped (or failed, where skips are forbidden) when NAME is not there."""
    probe = subprocess.run(["sh", "-c", f"command -v {name}"], stdout=subprocess.DEVNULL)
    if probe.returncode != 0:
        print(f"{name} is not installed; tools/install-packages test brings it")
        sys.exit(1 if skips_are_forbidden() else 77)


def need_module(name):
    """The Python module NAME; where it is not there the check ends as by need_tool()."""
    try:
        return importlib.import_module(name)
    except ImportError:
        print(f"Python's {name} is not installed; tools/install-packages test brings it")
        sys.exit(1 if skips_are_forbidden() else 77)


# What the form and the findings are those of: other releases judge otherwise.
CLANG_RELEASE = 14


def need_release(name):
    """Ends the check as passed where the tool NAME is of another release."""
    text = subprocess.run([name, "--version"], stdout=subprocess.PIPE, text=True, check=False).stdout
    release = re.search(r"version (\d+)", text)
    if release and int(release.group(1)) != CLANG_RELEASE:
        print(f"{name} is of release {release.group(1)}; this judges by release {CLANG_RELEASE}")
        sys.exit(0)


def report(findings):
    """Prints the findings and ends the check."""
    print("\n".join(findings) if findings else "nothing found")
    sys.exit(1 if findings else 0)
