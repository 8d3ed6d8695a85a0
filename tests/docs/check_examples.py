#!/usr/bin/python3 -B
# SPDX-License-Identifier: MIT
"""The examples of the documents work: check_examples.py PROGRAM DOCUMENT... runs the commands after
`$ ` of each code block, in a network namespace and a folder of their own. A command with `...` in it,
or of a program that is a window, is for people alone. As root."""

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "style"))
import sources  # noqa: E402

TIME_LIMIT_S = 60
ENTER = "mount -t proc proc /proc; mount -t tmpfs tmpfs /run; ip link set lo up\n"
# What a document shows of a failure: "tunrelay: could not read --a-to-b: ...".
FAILURE = re.compile(r"^tunrelay: (could not|cannot) ", re.MULTILINE)
FOR_PEOPLE = re.compile(r"\.\.\.|wireshark|old/tunrelay|history\.csv|\blib(arq|compress|mine)"
                        r"|tunrelay run$|routes check")
# What must be there before the commands of a block that matches.
BEFORE = (
    (r"tunrelay routes (plan|apply)", "ip tuntap add tun0 mode tun; ip tuntap add tun1 mode tun\n"),
    (r"tunrelay link set", "tunrelay run >ready & until grep -q ^ready ready; do sleep 0.1; done\n"),
)


def blocks(text):
    """[(line, code)] of the code blocks without a language."""
    return [(text[:match.start()].count("\n") + 1, match.group(1))
            for match in re.finditer(r"^```\n(.*?)^```", text, re.MULTILINE | re.DOTALL)]


def commands(block):
    """[(command, what stands below it)]."""
    parts = re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]
    found = []
    for part in parts:
        joined = re.sub(r"\\\n\s*", " ", part)
        command, _, output = joined.partition("\n")
        # A remark behind a command stands in parentheses, well apart.
        command = re.sub(r"\s{3,}\(.*\)$", "", command)
        found.append((re.sub(r"^sudo ", "", command), output))
    return found


def script_of(block):
    """What a shell runs of BLOCK; empty when it has no command for programs."""
    lines = []
    for command, output in commands(block):
        if FOR_PEOPLE.search(command):
            continue
        # On a busy machine a sender is late, which makes a trial invalid.
        command = command.replace("tunrelay gen ", "tunrelay gen --max-slip 10s ")
        lines.append(f"! {{ {command} ; }}" if FAILURE.search(output) else command)
    before = "".join(text for pattern, text in BEFORE if re.search(pattern, "".join(lines)))
    return before + "".join(f"{line} || {{ echo \"failed: exit code $?\"; exit 1; }}\n" for line in lines)


def run(program, script):
    """None, or what went wrong."""
    with tempfile.TemporaryDirectory() as folder:
        environment = dict(os.environ, PATH=f"{program.parent}:{os.environ['PATH']}")
        try:
            done = subprocess.run(["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child",
                                   "sh", "-c", ENTER + script],
                                  cwd=folder, env=environment, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, timeout=TIME_LIMIT_S, text=True,
                                  errors="replace", check=False)
        except subprocess.TimeoutExpired:
            return f"no end within {TIME_LIMIT_S} s"
    return None if done.returncode == 0 else done.stdout[-600:]


def check(program, document):
    findings = []
    for line, block in blocks(document.read_text(encoding="utf-8")):
        script = script_of(block)
        wrong = run(program, script) if script else None
        if wrong:
            findings.append(f"{document.name}:{line}: the example fails: {wrong}")
    return findings


def main():
    if os.geteuid() != 0:
        print("tunnels need root")
        sys.exit(1 if sources.skips_are_forbidden() else 77)
    for tool in ("iperf3", "tshark", "ping"):
        sources.need_tool(tool)
    program = Path(sys.argv[1]).resolve()
    sources.report([finding for document in sys.argv[2:]
                    for finding in check(program, Path(document))])


if __name__ == "__main__":
    main()
