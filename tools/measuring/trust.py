# SPDX-License-Identifier: MIT
"""The file of what long runs found: results/trust.json, with trust.md beside it, a part a tool."""

import json

from measuring import environment

TITLES = {"torture": "Kills", "soak": "Soak"}


def _flat(item, name=""):
    """[(name, value)] of numbers and words at any depth."""
    if isinstance(item, dict):
        return [pair for key, value in item.items()
                for pair in _flat(value, f"{name}.{key}" if name else key)]
    return [(name, f"{item:.4g}" if isinstance(item, float) else str(item))]


def page(results):
    """RESULTS as Markdown."""
    lines = ["# Long runs", "",
             "Made by `tools/torture` and `tools/soak`, which say what they do, and how to repeat it.",
             ""]
    for tool, found in results.items():
        lines += [f"## {TITLES[tool]}", "",
                  f"Linux {found['environment']['kernel']}, {found['environment']['processor']}, "
                  f"{found['environment']['cpus']} CPUs.", "", "| figure | value |", "| --- | --- |"]
        lines += [f"| {name} | {value} |" for name, value in _flat(found["summary"])]
        lines.append("")
    return "\n".join(lines)


def write(path, tool, summary, root, program):
    """SUMMARY becomes the part of TOOL in PATH; the other parts stay."""
    results = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    results[tool] = {"environment": environment.describe(root, program), "summary": summary}
    path.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
    path.with_suffix(".md").write_text(page(results), encoding="utf-8")
