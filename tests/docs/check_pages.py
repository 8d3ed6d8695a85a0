#!/usr/bin/python3 -B
# SPDX-License-Identifier: MIT
"""The manual pages say what the program's help says: each command has a page, each long flag of
`COMMAND --help` is in the OPTIONS of that page and the other way round, with the default that the
help shows; the exit codes of `--help` are in EXIT STATUS; pages that are named exist; and mandoc
finds no error. A line of usage has operands in capitals, and nothing else. To be called with the PROGRAM and the folder of the rendered PAGES.

The help may be laid out in any way in which an option's line begins with blanks and then `-x,--long`
or `--long`. A default stands there as [value], or as =value behind the kind of the value."""

import os
import re
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "style"))
import sources  # noqa: E402

NAME = "tunrelay"
# An option's line: the flags, the kind of its value with what it may be, `=` and the default.
OPTION = re.compile(
    r"\s+(?:-\w,\s?)?(?P<flag>--[a-z][\w-]*)(?: (?P<kind>[A-Z][A-Z|]*)(?:(?::[^=\n]*)?=(?P<default>\S+))?)?")
OPERANDS = re.compile(r"(?: \[?[A-Z]+(?:\.\.\.)?\]?)*")
COMMAND = re.compile(r"\s+(?P<name>[a-z][a-z0-9-]*)(?:\s{2,}|\s*$)")
HEADING = re.compile(r"\S[^:]*:$")
# A default in brackets is a word of its own: [,KEY=VALUE] is none.
IN_BRACKETS = re.compile(r"(?:^|\s)(?:\[([^\[\]]+)\]|\(default:? ([^()]+)\))")


@dataclass
class Option:
    """What the help, or a page, says of a flag."""
    flag: str
    default: str = ""  # of the help: behind the kind; of a page: behind "Default:"
    text: str = ""


@dataclass
class Help:
    usage: str = ""
    options: list = field(default_factory=list)
    commands: list = field(default_factory=list)
    exit_codes: list = field(default_factory=list)


def parse_help(text):
    found, heading = Help(), ""
    for line in text.splitlines():
        if line.startswith("Usage: "):
            found.usage = line.removeprefix("Usage: ")
        if HEADING.match(line):
            heading = line.lower()
        option = OPTION.match(line)
        command = COMMAND.match(line)
        if option:
            found.options.append(
                Option(option["flag"], option["default"] or "", line[option.end():]))
        elif command and heading in ("subcommands:", "commands:") and line.startswith("  "):
            # What is indented further goes on with the description before.
            if len(line) - len(line.lstrip()) <= 4:
                found.commands.append(command["name"])
        elif found.options and line.startswith("    "):
            found.options[-1].text += " " + line.strip()
    codes = re.search(r"exit (?:codes?|status):?(.*)", text, re.DOTALL | re.IGNORECASE)
    if codes:
        found.exit_codes = re.findall(r"(?<![\w.])(\d{1,3}) [a-z]", codes[1])
    return found


def read_help(program, arguments):
    # Without line breaks, so that no default is split.
    answer = subprocess.run([program, *arguments, "--help"], stdout=subprocess.PIPE, text=True,
                            env={**os.environ, "COLUMNS": "0"}, check=True)
    return parse_help(answer.stdout)


def read_helps(program, command):
    """{words of a command: Help} of COMMAND and of all commands below it."""
    help_of_it = read_help(program, command)
    helps = {tuple(command): help_of_it}
    for inner in help_of_it.commands:
        helps |= read_helps(program, [*command, inner])
    return helps


def check_usage(helps):
    findings = []
    for command, help_of_it in helps.items():
        name = " ".join([NAME, *command])
        operands = help_of_it.usage.removeprefix(name)
        if operands == help_of_it.usage or not OPERANDS.fullmatch(operands):
            findings.append(f"{name} --help: not a line of usage: '{help_of_it.usage}'")
    return findings


def render(page):
    """PAGE as text, without line breaks in paragraphs."""
    text = subprocess.run(["mandoc", "-T", "ascii", "-O", "width=1000", str(page)],
                          stdout=subprocess.PIPE, text=True, check=True).stdout
    return re.sub(r".\x08", "", text)


def section(text, name):
    found = re.search(rf"^{name}$(.*?)(?=^\S|\Z)", text, re.DOTALL | re.MULTILINE)
    return found[1] if found else ""


def parse_page_options(text):
    """The entries of OPTIONS: a line of flags, and what is indented below it."""
    lines = [line for line in section(text, "OPTIONS").splitlines() if line.strip()]
    heads = [line for line in lines if re.match(r"\s+-", line)]
    if not heads:
        return []
    indent = min(len(line) - len(line.lstrip()) for line in heads)
    options, entry = [], []
    for line in lines:
        depth = len(line) - len(line.lstrip())
        if depth == indent and line.lstrip().startswith("-"):
            entry = [Option(flag) for flag in re.findall(r"(?<![\w-])--[a-z][\w-]*", line)]
            options += entry
        elif depth > indent:
            for option in entry:
                option.text += " " + line.strip()
        else:
            entry = []
    for option in options:
        option.default = option.text.partition("Default:")[2]
    return options


def default_words(option):
    """What of the default that the help shows has to stand in the page: values, not prose. Nothing
    where there is no default, an empty list where it is all prose."""
    if option.default:
        return [option.default]
    brackets = IN_BRACKETS.search(option.text)
    if not brackets:
        return None
    words = (brackets[1] or brackets[2]).split()
    return [word.strip(",;:.") for word in words if re.search(r"[\d/]|\w-\w", word)]


def has_word(text, word):
    return re.search(rf"(?<![\w/]){re.escape(word)}(?![\w/]|\.\w)", text) is not None


def check_default(page, option, documented):
    words = default_words(option)
    if words is None or any("No effect" in entry.text for entry in documented):
        return []
    defaults = " ".join(entry.default for entry in documented)
    if not defaults:
        return [f"{page}: {option.flag} has a default in the help, and no 'Default:' here"]
    return [f"{page}: the default {word} of {option.flag} is missing"
            for word in words if not has_word(defaults, word)]


def check_options(page, text, options):
    documented = {}
    for entry in parse_page_options(text):
        documented.setdefault(entry.flag, []).append(entry)
    known = {option.flag: option for option in options}
    findings = [f"{page}: {flag} is in the help, and not in OPTIONS"
                for flag in known if flag not in documented]
    findings += [f"{page}: {flag} is in OPTIONS, and not in the help"
                 for flag in documented if flag not in known]
    for flag, option in known.items():
        if flag in documented:
            findings += check_default(page, option, documented[flag])
    return findings


def check_exit_codes(page, text, codes):
    if not codes:
        return ["the program's help names no exit codes"]
    status = section(text, "EXIT STATUS")
    return [f"{page}: the exit code {code} is not in EXIT STATUS"
            for code in codes if not re.search(rf"^\s+{code}$", status, re.MULTILINE)]


def check_references(folder, page, text):
    references = set(re.findall(rf"\b({NAME}(?:-[a-z]+)?)\((\d)\)", text))
    return [f"{page}: there is no page {name}({number})" for name, number in sorted(references)
            if not (folder / f"{name}.{number}").exists()]


def lint(pages):
    answer = subprocess.run(["mandoc", "-T", "lint", "-W", "error", *map(str, pages)],
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    lines = answer.stdout.splitlines()
    return lines if lines or answer.returncode == 0 else ["mandoc -T lint has failed"]


def check(program, folder):
    helps = read_helps(program, [])
    top = helps[()]
    pages = sorted(folder.glob(f"{NAME}*.[1-9]"))
    texts = {page.name: render(page) for page in pages}
    expected = {f"{NAME}.1": top.options}
    for command, help_of_it in helps.items():
        if command:
            expected.setdefault(f"{NAME}-{command[0]}.1", []).extend(help_of_it.options)
    findings = [] if top.commands else ["the program's help names no commands"]
    findings += check_usage(helps)
    for page, options in expected.items():
        if page in texts:
            findings += check_options(page, texts[page], options)
        else:
            findings.append(f"{page}: there is no such page")
    findings += [f"{page}: there is no such command"
                 for page in texts if page.endswith(".1") and page not in expected]
    findings += check_exit_codes(f"{NAME}.1", texts.get(f"{NAME}.1", ""), top.exit_codes)
    for page, text in texts.items():
        findings += check_references(folder, page, text)
    return findings + lint(pages)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: check_pages.py PROGRAM PAGES")
    sources.need_tool("mandoc")
    sources.report(check(sys.argv[1], Path(sys.argv[2])))
