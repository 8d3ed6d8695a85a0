# SPDX-License-Identifier: MIT
"""The checks of tools/kernels/checks on some kernels: run, and printed as a table."""

import tempfile
from pathlib import Path

from kernels import guest
from measuring.process import Failed
from measuring.tables import markdown_row

_CHECKS = Path(__file__).with_name("checks")
# Verdicts of a check that decide something here; the others inform the reader.
OK, FAILED = "ok", "failed"


class _Lines:
    """Hands whole lines to a function, of text that comes in pieces."""

    def __init__(self, take):
        self._take, self._begun = take, ""

    def __call__(self, text):
        *whole, self._begun = (self._begun + text).split("\n")
        for line in whole:
            self._take(line)


def run_checks(kernel, build, sections, checkout, time_limit_s, say):
    """[{check, seconds, verdict, reason}] of the SECTIONS on KERNEL, each reported by SAY. What the
    guest did not come to is one check that failed."""
    checks = []

    def take(line):
        fields = line.split("\t")
        if len(fields) != 4:
            say(line)  # the log of what failed
            return
        name, seconds, verdict, reason = fields
        checks.append({"check": name, "seconds": float(seconds), "verdict": verdict,
                       "reason": reason})
        say(f"{verdict:11} {float(seconds):6.1f} s  {name}{': ' if reason else ''}{reason}")

    with tempfile.TemporaryDirectory() as out:
        command = [str(_CHECKS), str(build), *sections]
        try:
            code = guest.boot(kernel, command, checkout, Path(out), time_limit_s, _Lines(take))
            ended, why = code == 0, f"the list of checks ended with exit code {code}"
        except Failed as error:
            ended, why = False, str(error)
    if not ended:
        say(why)
        checks.append({"check": "the guest comes to the end of the list", "seconds": 0,
                       "verdict": FAILED, "reason": why.splitlines()[0]})
    return checks


def joined(former, outcome):
    """OUTCOME of some sections with what FORMER has of the others, where that was the same program
    on the same kernel."""
    same = ("program", "machine", "release", "package")
    if former is None or any(former[name] != outcome[name] for name in same):
        return outcome
    checks = {check["check"]: check for check in (*former["checks"], *outcome["checks"])}
    return {**outcome, "checks": list(checks.values())}


def _cell(check):
    if check is None:
        return "-"
    if check["verdict"] == OK:
        return OK
    return f"{check['verdict']}: {check['reason']}".replace("|", "\\|")


def table(results):
    """Markdown of {series: {"release", "package", "program", "machine", "checks"}}: a row a check,
    a column a kernel."""
    names = list(dict.fromkeys(check["check"] for kernel in results.values()
                               for check in kernel["checks"]))
    text = markdown_row(["", *(f"Linux {kernel['release']}" for kernel in results.values())])
    text += markdown_row(["---"] * (1 + len(results)))
    for name in ("package", "program", "machine"):
        text += markdown_row([name, *(kernel[name] for kernel in results.values())])
    found = [{check["check"]: check for check in kernel["checks"]} for kernel in results.values()]
    for name in names:
        text += markdown_row([name, *(_cell(checks.get(name)) for checks in found)])
    return text
