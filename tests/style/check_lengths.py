#!/usr/bin/python3 -B
# SPDX-License-Identifier: MIT
"""Files of at most 350 lines (tests and benchmarks 400), functions of at most 70: what is
longer has more than one subject."""

import re

import sources

FILE_LINES = 350
TEST_FILE_LINES = 400
FUNCTION_LINES = 70

# What opens a scope in which functions stand.
SCOPE = re.compile(
    r"^(template\s*<.*?>\s*)?((inline|static|constexpr|typedef|export)\s+)*"
    r'((namespace|class|struct|union|enum)\b|extern\s*"")', re.DOTALL)


def matching_brace(text, opening):
    depth = 0
    for at in range(opening, len(text)):
        depth += {"{": 1, "}": -1}.get(text[at], 0)
        if depth == 0:
            return at
    return len(text) - 1


def is_member_initialiser(head):
    """Whether a brace behind HEAD initialises a member in a constructor's list: `X() : a_` """
    colon = re.search(r"\)[^:?]*[^:]:(?!:)", head)
    return colon is not None and re.search(r"[\w>]\s*$", head[colon.end():]) is not None


def functions(text):
    """Yields (first line, last line) of the body of each function in TEXT (see
    sources.without_comments). A lambda or a local class counts as part of its function."""
    head_start = at = 0
    while at < len(text):
        if text[at] in ";}":
            head_start = at + 1
        elif text[at] == "{":
            head = re.sub(r"\b(public|protected|private)\s*:", "", text[head_start:at]).strip()
            end = matching_brace(text, at)
            if SCOPE.match(head):
                head_start = at + 1
            elif head.count("(") > head.count(")") or is_member_initialiser(head):
                at = end  # a default argument or a member's value: the head goes on behind it
            elif ")" in head and not re.search(r"=\s*$", head):
                yield text.count("\n", 0, at) + 1, text.count("\n", 0, end) + 1
                at, head_start = end, end + 1
            else:
                at, head_start = end, end + 1
        at += 1


def check(root):
    findings = []
    for path in sources.cpp_files(root) + sources.files(root, "*.py") + sources.shell_scripts(root):
        place = path.relative_to(root).parts[0]
        limit = TEST_FILE_LINES if place in ("tests", "bench") else FILE_LINES
        lines = path.read_text().count("\n")
        if lines > limit:
            findings.append(
                sources.finding(root, path, limit + 1, f"the file has {lines} lines, over {limit}"))
    for path in sources.cpp_files(root):
        for first, last in functions(sources.without_comments(path.read_text())):
            lines = last - first + 1
            if lines > FUNCTION_LINES:
                findings.append(sources.finding(
                    root, path, first, f"the function has {lines} lines, over {FUNCTION_LINES}"))
    return findings


if __name__ == "__main__":
    sources.report(check(sources.ROOT))
