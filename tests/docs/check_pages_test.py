#!/usr/bin/python3 -B
# SPDX-License-Identifier: MIT
"""check_pages.py finds what it is there to find: it is handed a small program and its pages, once
as they should be and then with one fault each."""

import tempfile
import unittest
from pathlib import Path

import check_pages
from check_pages import sources

PROGRAM = """#!/bin/sh
case "$1" in
send) cat <<'END'
sends
Usage: tunrelay send [OPTIONS]

Options:
  -h,--help                   Print this help message and exit
  -t,--time TEXT=10s          how long, LIST[,LIST]...
  --kind TEXT:{tun,tap}=tun one of two
  --count TEXT:({auto}) OR (INT in [1 - 256])=auto
                              how many
  --address TEXT              where to [10.0.0.1/24, or
                              10.0.0.2/24 at the other end]
  --cpus TEXT                 where [any]
END
;;
*) cat <<'END'
Usage: tunrelay [OPTIONS] SUBCOMMAND

Options:
  -h,--help                   Print this help message and exit

Subcommands:
  send                        sends
                              something

exit codes: 0 done, 1 failed, 2 usage
END
;;
esac
"""


def page(name, section, entries, status="0 1 2"):
    lines = [f'.TH "{name}" "{section}" "2020-01-01"', ".SH NAME", rf"{name} \- a page",
             ".SH OPTIONS"]
    for flags, text in entries:
        lines += [".P", flags.replace("-", r"\-"), ".RS 4", text.replace("-", r"\-"), ".P", ".RE"]
    lines.append(".SH EXIT STATUS")
    for code in status.split():
        lines += [".P", rf"\fB{code}\fR", ".RS 4", "A meaning.", ".P", ".RE"]
    return "\n".join([*lines, ".SH SEE ALSO", "tunrelay(1)", ""])


TOP = [("-h, --help", "Print the help.")]
SEND = [
    ("-h, --help", "Print the help."),
    ("-t, --time TIME", "How long. Default: 10s."),
    ("--kind tun|tap", "One of two. Default: tun."),
    ("--count N|auto", "How many, see --time. Default: auto."),
    ("--address ADDRESS", "Where to. Default: 10.0.0.1/24; 10.0.0.2/24 at the other end."),
    ("--cpus CPUS", "Where. Default: any CPU."),
]


class CheckPagesTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.program = self.folder / "program"
        self.program.write_text(PROGRAM)
        self.program.chmod(0o700)
        self.write("tunrelay.1", page("tunrelay", 1, TOP))
        self.write("tunrelay-send.1", page("tunrelay-send", 1, SEND))

    def write(self, name, text):
        (self.folder / name).write_text(text)

    def write_send(self, flag, replacement):
        """The page of `send` with other entries for FLAG: [] leaves it out."""
        entries = []
        for entry in SEND:
            entries += replacement if flag in entry[0] else [entry]
        self.write("tunrelay-send.1", page("tunrelay-send", 1, entries))

    def assert_finds(self, *expected):
        found = check_pages.check(str(self.program), self.folder)
        self.assertEqual(len(found), len(expected), found)
        for finding, part in zip(found, expected):
            self.assertIn(part, finding)

    def test_good_pages(self):
        self.assert_finds()

    def test_a_line_of_usage_with_a_librarys_words(self):
        self.program.write_text(PROGRAM.replace("send [OPTIONS]", "send [OPTIONS] [files(0x)]"))
        self.assert_finds("tunrelay send --help: not a line of usage")

    def test_a_flag_is_missing(self):
        self.write_send("--kind", [])
        self.assert_finds("--kind is in the help, and not in OPTIONS")

    def test_a_flag_that_is_only_mentioned(self):
        self.write_send("--time", [])
        self.assert_finds("--time is in the help, and not in OPTIONS")

    def test_a_flag_is_unknown(self):
        self.write_send("--cpus", [("--cpus CPUS", "Default: any."), ("--speed N", "None.")])
        self.assert_finds("--speed is in OPTIONS, and not in the help")

    def test_another_default(self):
        self.write_send("--time", [("-t, --time TIME", "How long. Default: 110s.")])
        self.assert_finds("the default 10s of --time is missing")

    def test_a_default_behind_a_check(self):
        self.write_send("--count", [("--count N", "How many. Default: 256.")])
        self.assert_finds("the default auto of --count is missing")

    def test_a_default_on_two_lines(self):
        self.write_send("--address", [("--address ADDRESS", "Default: 10.0.0.1/24.")])
        self.assert_finds("the default 10.0.0.2/24 of --address is missing")

    def test_a_default_in_prose(self):
        self.write_send("--cpus", [("--cpus CPUS", "Where.")])
        self.assert_finds("--cpus has a default in the help, and no 'Default:' here")

    def test_a_flag_without_effect_needs_no_default(self):
        self.write_send("--time", [("--time", "No effect.")])
        self.assert_finds()

    def test_a_page_is_missing(self):
        (self.folder / "tunrelay-send.1").unlink()
        self.assert_finds("tunrelay-send.1: there is no such page")

    def test_a_page_without_a_command(self):
        self.write("tunrelay-other.1", page("tunrelay-other", 1, TOP))
        self.assert_finds("tunrelay-other.1: there is no such command")

    def test_an_exit_code_is_missing(self):
        self.write("tunrelay.1", page("tunrelay", 1, TOP, status="0 1"))
        self.assert_finds("tunrelay.1: the exit code 2 is not in EXIT STATUS")

    def test_a_reference_to_no_page(self):
        self.write("tunrelay.1", page("tunrelay", 1, TOP) + "tunrelay\\-link(7)\n")
        self.assert_finds("there is no page tunrelay-link(7)")

    def test_what_mandoc_finds(self):
        self.write("tunrelay.1", page("tunrelay", 1, TOP) + ".nosuchmacro\n")
        self.assert_finds("skipping unknown macro")


if __name__ == "__main__":
    sources.need_tool("mandoc")
    unittest.main()
