# SPDX-License-Identifier: MIT
"""The file of what long runs found: results/trust.json, with trust.md beside it, a part a tool."""

import json

from measuring import environment
from measuring.tables import markdown_row

HEAD = """# Long runs

What they do, and how to repeat them, say `tools/torture`, `tools/soak` and `tools/fuzz`; each replaces
its part of this page by `--out results/trust.json`.
"""


def _torture(found):
    """Rows of figures."""
    times = found["restored_ms"]
    return [("tunnels killed, at random moments", f"{found['kills']:,}"),
            ("moments", ", ".join(f"{name} {count}" for name, count in found["by_moment"].items())),
            ("of these with their janitor and its helper; `tunrelay cleanup` restores",
             f"{found['janitor_killed_too']:,}"),
            ("**hosts that were not as before**", f"**{found['different']:,}**"),
            ("restored by the janitor after, ms: median, p99, longest",
             f"{times['median']:.0f}, {times['p99']:.0f}, {times['highest']:.0f}"),
            ("again", f"`tools/torture --kills {found['kills']} --seed {found['seed']}`")]


def _soak(found):
    rows = [("hours", f"{found['seconds'] / 3600:.2f}"),
            ("**promises that did not hold**", f"**{'; '.join(found['broken']) or 'none'}**"),
            ("throughput of the last part, of the first one's",
             f"{found['throughput_last_to_first']:.3f}")]
    for name in ("steady", "changing"):
        relay = found[name]
        error = relay["growth_error_mib_per_hour"]
        about = "" if error is None else f" +- {2 * error:.2f}"
        rows.append((f"the {name} relay", f"{relay['packets']:,} packets ({relay['segments']:,} wire "
                     f"segments), all accounted for; {relay['threads']} threads and "
                     f"{relay['descriptors']} descriptors at all times; {relay['growth_mib_per_hour']:.2f}"
                     f"{about} MiB more an hour, beside packet buffers of {relay['buffers_mib']:.0f} MiB "
                     f"at most; {relay['path_checks']:,} path checks"))
    return [*rows, ("for longer", "`tools/soak --hours 24 --out results/trust.json`")]


def _fuzz(found):
    return [(name, f"{one['inputs']:,} inputs, {one['inputs_per_s']:,} a second; "
             f"**{len(one['findings'])} findings** (at {one['commit']})")
            for name, one in sorted(found.items())]


# {tool: (title, rows)}
PARTS = {"torture": ("Kills", _torture), "soak": ("Soak", _soak), "fuzz": ("Fuzzers", _fuzz)}


def page(results):
    """RESULTS as Markdown."""
    text = HEAD
    for tool, found in results.items():
        title, rows = PARTS[tool]
        place = found["environment"]
        text += (f"\n## {title}\n\nLinux {place['kernel']}, {place['processor']}, {place['cpus']} CPUs, "
                 f"{place['tunrelay']}.\n\n"
                 + markdown_row(["", "found"]) + markdown_row(["---"] * 2)
                 + "".join(markdown_row(row) for row in rows(found["summary"])))
    return text


def _read(path):
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def summary_of(path, tool):
    """What PATH has of TOOL, or nothing."""
    return _read(path).get(tool, {}).get("summary", {})


def write(path, tool, summary, root, program):
    """SUMMARY becomes the part of TOOL in PATH; the other parts stay."""
    results = _read(path)
    results[tool] = {"environment": environment.describe(root, program), "summary": summary}
    path.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
    path.with_suffix(".md").write_text(page(results), encoding="utf-8")
