#!/usr/bin/python3 -B
# SPDX-License-Identifier: MIT
"""What every file says first, and what no file says: its licence, and in a head comment what it is
for; no file names somebody's machine, and no test is switched off."""

import re

import sources

# (pattern, what is wrong, where it may stand). The patterns do not match themselves.
FORBIDDEN = [
    (r"/(?:home|root|work|Users)/", "a path of somebody's machine", None),
    (r"\b(?:localhost|127\.0\.0\.1):(?:3128|8081|4873)\b", "a local proxy or registry", None),
    (r"\b(?:[\w-]+\.)+(?:pkg\.dev|jfrog\.io)\b", "a private registry", None),
    (r"\bDISABLED[_]", "a test that is switched off", None),
    (r"\bGTEST[_]SKIP\b", "a skip without skip_or_fail", "tests/support/skip"),
]

# Home-grown words that the field has others for: "module", "command", "hint", "comma-separated", ...
# Results keep what was printed when they were measured.
FORBIDDEN += [(pattern, f"a word of our own: say {instead}", "results/") for pattern, instead in (
    (r"\bway[ _]out\b", "hint"),
    (r"\b[Uu]nf[i]t\b|UNF[I]T_", "unsupported"),
    (r"\bparted[ ]by\b", "separated by"),
    (r"\b[Aa]new[ ]|\bam[i]ss\b|\bdear[e]r\b", "again, wrong, costlier"),
    (r"\bword[i]ng\b", "text"),
    (r"(?<!conf\.)\b[Vv]er[b]s?\b", "command"),  # scapy has a variable of that name
    (r"\bk(?:M[o]st|L[e]ast|F[e]west|L[a]rgest|S[m]allest)(?:[A-Z]|\b)", "kMax, kMin"),
    (r"\bhand[-_]?[o]ff\b|\bHand[O]ff", "transfer between queues"),
    (r"\bhurr(?:y|ied)\b|\b[Rr]etir[e]", "flush, drain"),
    (r"\bh[u]b\b", "collector"),
    (r"\b[Ss]trange[r]s?\b", "unrelated task"),
    (r"\b[Bb]ehin[d] the link\b", "after the link"),
    (r"\bhol[d]_(?:limit|bytes|slots)|\bhel[d]_(?:bytes|packets)|\bmay_hol[d]\b",
     "queued, queue memory"),
    (r"(?<!, )\b[Tt]el[l]s?\b|\b[Tt]ol[d]\b", "report, print"),  # "ARP who has A, tell B"
    (r"(?<!here )\b(?:is|was) n[o] (?!longer\b|more\b)", "is not a"),
    (r"\bvoi[d] (?:trial|sample)s?\b", "invalid"),
    (r"\b(?:Cour[t]esy|give_w[a]y|Inta[k]e|Outl[e]t|Transa[c]tor|Attenda[n]ce|Growing[F]ile|"
     r"Failure[N]ews|Found[J]ournal|Frame[S]pace|Served[T]unnel|Control[W]ish)\b",
     "what CONTRIBUTING.md's terms say"),
    (r"\bchan[c]es\b", "random numbers"),
)]

# The same for the program's own sources.
FORBIDDEN_IN_SOURCES = [
    # A netlink socket's dump() is another thing.
    (r"(?<!socket)(?:\.|->)dump\(", "JSON as text without json_text()", "src/base/json_text"),
    (r"<toml\+\+/", "toml++ without its assertions", "src/base/toml_text"),
]


def check_forbidden(root):
    findings = []
    for path in sources.files(root, "*"):
        place = str(path.relative_to(root))
        try:
            lines = path.read_text().splitlines()
        except UnicodeDecodeError:
            continue  # no text
        forbidden = FORBIDDEN + (FORBIDDEN_IN_SOURCES if place.startswith("src/") else [])
        for number, line in enumerate(lines, 1):
            for pattern, what, home in forbidden:
                if re.search(pattern, line) and not (home and place.startswith(home)):
                    findings.append(sources.finding(root, path, number, what))
    return findings


LICENCE = "SPDX-License-Identifier: MIT"


def head_lines(path):
    """The lines of PATH behind the one that names its interpreter."""
    lines = path.read_text().splitlines()
    return lines[1:] if lines and lines[0].startswith("#!") else lines


def names_its_licence(path):
    return any(LICENCE in line for line in head_lines(path)[:1])


def has_head_comment(path):
    lines = head_lines(path)
    lines = lines[1:] if names_its_licence(path) else lines
    first = lines[0] if lines else ""
    if path.suffix in (".cpp", ".hpp"):
        return first.startswith("//")
    if path.suffix == ".py":
        return first.startswith(('"""', "# "))
    return first.startswith("# ")


def check_heads(root):
    findings = []
    written = sources.files(root, "*.cpp", "*.hpp", "*.cmake", "CMakeLists.txt", "*.py")
    for path in written + sources.shell_scripts(root):
        if not names_its_licence(path):
            findings.append(sources.finding(root, path, 1, f"no {LICENCE}"))
        # Beside NAME.hpp, NAME.cpp needs no head of its own: the header has said it.
        if path.suffix == ".cpp" and path.with_suffix(".hpp").exists():
            continue
        if not has_head_comment(path):
            findings.append(sources.finding(root, path, 1, "no head comment says what it is for"))
    return findings


def check(root):
    return check_forbidden(root) + check_heads(root)


if __name__ == "__main__":
    sources.report(check(sources.ROOT))
