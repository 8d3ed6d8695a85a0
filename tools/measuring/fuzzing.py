# SPDX-License-Identifier: MIT
"""One fuzzer: run from what is kept and what was found before, and which lines these inputs reach."""

import os
import re
import subprocess
from pathlib import Path

from measuring.process import Failed, run

_SKIPPED = 77
# Beyond the time that the fuzzer was given: it reads all inputs first.
_MORE_S = 600
_INPUT_LIMIT_S = 10
_MEMORY_LIMIT_MB = 2048


class Fuzzer:
    """PROGRAM, with its kept inputs and dictionary in SOURCES, and what it finds in KEPT."""

    def __init__(self, program, sources, kept):
        self.program = program
        self.name = program.name
        self._kept = sources / "corpus" / self.name
        self._dictionary = sources / "dictionaries" / f"{self.name}.dict"
        self._found = kept / self.name
        self._findings = kept / "findings"

    def _start(self, flags, folders, time_limit_s, **environment):
        for folder in (self._found, self._findings):
            folder.mkdir(parents=True, exist_ok=True)
        command = [str(self.program), *flags, f"-timeout={_INPUT_LIMIT_S}",
                   f"-rss_limit_mb={_MEMORY_LIMIT_MB}", "-error_exitcode=1", *map(str, folders)]
        try:
            return subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                                  check=False, timeout=time_limit_s,
                                  env={**os.environ, **environment})
        except FileNotFoundError as error:
            raise Failed(f"{self.program}: not built") from error

    def run(self, seconds, runs):
        """What came of it: how many inputs a second, how many are kept, what was found."""
        flags = [f"-max_total_time={seconds}", f"-runs={runs}", "-print_final_stats=1",
                 f"-artifact_prefix={self._findings / self.name}-"]
        if self._dictionary.exists():
            flags.append(f"-dict={self._dictionary}")
        done = self._start(flags, [folder for folder in (self._found, self._kept) if folder.exists()
                                   or folder == self._found], seconds + _MORE_S)
        said = done.stderr.decode(errors="replace")
        if done.returncode == _SKIPPED:
            return {"fuzzer": self.name, "skipped": said.strip()[-200:], "findings": []}
        findings = []
        if done.returncode != 0:
            what = re.search(r"^.*(?:SUMMARY|ERROR|runtime error): .*$", said, re.MULTILINE)
            written = re.search(r"Test unit written to (\S+)", said)
            findings.append({"what": what.group(0) if what else said.strip()[-500:],
                             "input": written.group(1) if written else ""})
        figures = {name: int(value) for name, value in
                   re.findall(r"^stat::(\w+):\s+(\d+)$", said, re.MULTILINE)}
        return {"fuzzer": self.name, "inputs": figures.get("number_of_executed_units", 0),
                "inputs_per_s": figures.get("average_exec_per_sec", 0),
                "new_inputs": figures.get("new_units_added", 0),
                "kept_inputs": len(os.listdir(self._found)), "findings": findings}

    def play(self, profile, with_found):
        """All inputs once, for a build that writes down which lines were reached, into PROFILE.
        False where it can't run here."""
        folders = [folder for folder in (self._kept, *([self._found] if with_found else []))
                   if folder.exists()]
        done = self._start(["-runs=0"], folders, _MORE_S, LLVM_PROFILE_FILE=str(profile))
        if done.returncode == _SKIPPED:
            return False
        if done.returncode != 0:
            raise Failed(f"{self.name} fails: {done.stderr.decode(errors='replace')[-500:]}")
        return True


def _ranges(numbers):
    """[1, 2, 3, 7] as "1-3 7"."""
    spans = []
    for number in numbers:
        if spans and spans[-1][1] == number - 1:
            spans[-1][1] = number
        else:
            spans.append([number, number])
    return " ".join(str(first) if first == last else f"{first}-{last}" for first, last in spans)


def coverage_of(fuzzer, sources, with_found):
    """How many lines of SOURCES the inputs of FUZZER reach, and which they miss; None where it
    can't run here. Raises Failed."""
    folder = fuzzer.program.parent
    profile, merged = folder / f"{fuzzer.name}.profraw", folder / f"{fuzzer.name}.profdata"
    if not fuzzer.play(profile, with_found):
        return None
    run(["llvm-profdata", "merge", "-sparse", str(profile), "-o", str(merged)])
    profile.unlink()
    text = run(["llvm-cov", "export", "-format=lcov", f"-instr-profile={merged}",
                str(fuzzer.program), *map(str, sources)], 600)
    hits, missed = [], {}
    for record in text.split("end_of_record"):
        path = re.search(r"^SF:(.*)$", record, re.MULTILINE)
        if path is None:
            continue
        lines = re.findall(r"^DA:(\d+),(\d+)", record, re.MULTILINE)
        hits += [count != "0" for _, count in lines]
        lost = [int(number) for number, count in lines if count == "0"]
        if lost:
            missed[Path(path.group(1)).name] = _ranges(lost)
    if not hits:
        raise Failed(f"{fuzzer.name}: no line of {', '.join(map(str, sources))}")
    return {"lines": len(hits), "lines_percent": round(100 * sum(hits) / len(hits), 2),
            "missed": missed}
