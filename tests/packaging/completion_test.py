#!/usr/bin/python3 -B
# SPDX-License-Identifier: MIT
"""Completion in real shells: what a line becomes when TAB is pressed at its end, as the shell then
cuts it into words. completion_test.py PROGRAM"""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import time
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/style"))

import sources  # noqa: E402

SCRIPTS = ROOT / "src/cli/completion"
PROGRAM = None
TIME_LIMIT_S = 30
# (what is typed before TAB, the words that the line then has)
CASES = (
    ("tunrelay doc", ["tunrelay", "doctor"]),
    ("tunrelay run --eng", ["tunrelay", "run", "--engine"]),
    ("tunrelay run --engine u", ["tunrelay", "run", "--engine", "uring"]),
    ("tunrelay run --engine=sy", ["tunrelay", "run", "--engine=syscall"]),
    ("tunrelay run --strategy nam", ["tunrelay", "run", "--strategy", "namespaces"]),
    ("tunrelay exec --link data", ["tunrelay", "exec", "--link", "datacentre"]),
    ("tunrelay run --a-to-b 'delay 20ms, los", ["tunrelay", "run", "--a-to-b", "delay 20ms, loss"]),
    ("tunrelay run --a-to-b 'rate 1mbit code", ["tunrelay", "run", "--a-to-b", "rate 1mbit codel"]),
    ("tunrelay link sh", ["tunrelay", "link", "show"]),
    ("tunrelay link profiles sat", ["tunrelay", "link", "profiles", "satellite"]),
    ("tunrelay link scenario flap", ["tunrelay", "link", "scenario", "flapping-link"]),
    ("tunrelay exec --scenario trai", ["tunrelay", "exec", "--scenario", "train"]),
    ("tunrelay bench thro", ["tunrelay", "bench", "throughput"]),
    ("tunrelay run --config lin", ["tunrelay", "run", "--config", "link-of-mine.toml"]),
    ("tunrelay run --config=lin", ["tunrelay", "run", "--config=link-of-mine.toml"]),
    ("tunrelay replay lin", ["tunrelay", "replay", "link-of-mine.toml"]),
    ("tunrelay exec --quiet command-of-m", ["tunrelay", "exec", "--quiet", "command-of-mine"]),
)
SHELLS = {
    "bash": (["bash", "--noprofile", "--norc", "-i"],
             "test ! -r /usr/share/bash-completion/bash_completion || "
             ". /usr/share/bash-completion/bash_completion; "
             f"bind 'set enable-bracketed-paste off'; . {SCRIPTS}/tunrelay.bash"),
    "zsh": (["zsh", "-f", "-i"],
            f"fpath=({SCRIPTS} $fpath); autoload -Uz compinit; compinit -u -D; bindkey -e; "
            "unset zle_bracketed_paste; unsetopt PROMPT_SP"),
    "fish": (["fish", "--private", "--no-config", "--interactive"], f"source {SCRIPTS}/tunrelay.fish"),
}


class Terminal:
    """A shell at a terminal of its own."""

    def __init__(self, command, folder):
        environment = {"PATH": f"{folder}:{PROGRAM.parent}:{os.environ['PATH']}", "TERM": "dumb",
                       "HOME": str(folder), "LC_ALL": "C.UTF-8", "COLUMNS": "500",
                       "LISTMAX": "1000"}
        self._pid, self._terminal = pty.fork()
        if self._pid == 0:
            os.chdir(folder)
            os.execvpe(command[0], command, environment)
        fcntl.ioctl(self._terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 500, 0, 0))
        self._count = 0

    def type(self, text):
        os.write(self._terminal, text.encode())

    def until(self, pattern):
        """What matches PATTERN in what the shell prints from now on."""
        seen, deadline = "", time.monotonic() + TIME_LIMIT_S
        while time.monotonic() < deadline:
            if select.select([self._terminal], [], [], 0.1)[0]:
                seen += os.read(self._terminal, 65536).decode(errors="replace")
                found = re.search(pattern, seen, re.DOTALL)
                if found:
                    return found
        raise AssertionError(f"waited {TIME_LIMIT_S} s for {pattern} in {seen!r}")

    def run(self, command):
        # The mark is in two parts, so that the echo of the command does not have it.
        self._count += 1
        self.type(f"{command}; printf '%s%s\\n' mark {self._count}.\r")
        self.until(rf"mark{self._count}\.")

    def close(self):
        os.kill(self._pid, signal.SIGKILL)
        os.close(self._terminal)
        os.waitpid(self._pid, 0)


class CompletionTest(unittest.TestCase):
    def complete(self, shell):
        with tempfile.TemporaryDirectory(prefix="tunrelay-completion.") as folder:
            Path(folder, "link-of-mine.toml").touch()
            command = Path(folder, "command-of-mine")
            command.write_text("#!/bin/sh\n", encoding="utf-8")
            command.chmod(0o755)
            command, setting = SHELLS[shell]
            terminal = Terminal(command, folder)
            try:
                terminal.run(setting)
                terminal.run("show() { for each in \"$@\"; do printf '[%s]' \"$each\"; done; echo END; }"
                             if shell != "fish" else
                             "function show; for each in $argv; printf '[%s]' $each; end; echo END; end")
                for typed, expected in CASES:
                    with self.subTest(shell=shell, typed=typed):
                        self.assertEqual(self.after_tab(terminal, typed), expected)
            finally:
                terminal.close()

    @staticmethod
    def after_tab(terminal, typed):
        terminal.type(f"\x15{typed}\t")
        terminal.type("\x01show \r")  # to the line's begin; the shells have closed an open quote
        line = terminal.until(r"\[tunrelay\](\[[^\r\n]*\])END")[0]
        # A file's completion, or a quote that the shell has closed itself, leaves a blank or nothing.
        return [word for word in re.findall(r"\[([^\]]*)\]", line) if word]


class RunningTunnelsTest(unittest.TestCase):
    """Whether root's running tunnels are named: those behind whose socket somebody listens."""

    def test_a_socket(self):
        if os.geteuid() != 0:
            self.skipTest("a mount namespace needs root")
        listen = ("import socket, subprocess, sys; s = socket.socket(socket.AF_UNIX); "
                  "s.bind('/run/tunrelay/tun0-tun1.42.sock'); s.listen(); "
                  "subprocess.run([sys.argv[1], 'complete-line', 'capture', '--control-socket', ''])")
        done = subprocess.run(
            ["unshare", "--mount", "sh", "-c", "mount -t tmpfs tmpfs /run && mkdir -m 700 /run/tunrelay "
             "&& exec /usr/bin/python3 -c \"$0\" \"$1\"", listen, PROGRAM],
            stdout=subprocess.PIPE, text=True, check=True, timeout=TIME_LIMIT_S)
        self.assertEqual(done.stdout,
                         "/run/tunrelay/tun0-tun1.42.sock\ta running tunnel\n:files\n")


def add_test(shell):
    def test(self):
        self.complete(shell)
    setattr(CompletionTest, f"test_{shell}", test)


if __name__ == "__main__":
    PROGRAM = Path(sys.argv.pop()).resolve()
    for name in SHELLS:
        sources.need_tool(name)
        add_test(name)
    unittest.main()
