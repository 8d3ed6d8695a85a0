# SPDX-License-Identifier: MIT
"""What tools/compare-netem has found, as a page: results/netem.md of results/netem.json."""

from measuring.tables import markdown_row

COLUMNS = ("what", "stages", "qdisc", "way", "figure", "ours", "the kernel's", "p or ratio",
           "verdict")
WAYS = {"a_to_b": "a to b", "b_to_a": "b to a", "both": "both"}
TITLES = {"delay": "Delay", "loss": "Loss", "copies": "Duplicate, reorder, corrupt",
          "rate": "Rate", "queues": "Queues"}
ABOUT = """# tunrelay beside the kernel's qdiscs

Made by `tools/compare-netem`, which puts tunrelay's stages and the kernel's qdiscs at the same place
of the same path, under the same load, in turns, each way. Offloads are off: netem treats a
super-packet as one packet, tunrelay as its wire segments, so with them the two differ on purpose.

- *p*: how likely so large a difference is where there is none. Above 0.001: the same.
- *x*: ours over the kernel's. Delays of a fixed length: the same within 1 % (0.5 ms at the median,
  5 ms at p90, which are the machine's); delays in a queue of packets that come at random within 10 %
  or 1 ms; rates within 1 %. With TCP, where two runs of one queue are not alike, medians of the
  runs: delays within 30 % or 2 ms, drops and marks within 50 % or 20, segments a second within 5 %.
  Where these differ, but the runs of both lie among each other (Mann-Whitney, p above 0.05), it is
  "within the spread of runs".

"""


def verdict_of(figure, purpose):
    if figure["same"]:
        return "same"
    if purpose:
        return f"differs on purpose: {purpose}"
    return "within the spread of runs" if figure.get("within_spread") else "differs"


def _tested(figure):
    found = []
    if "ratio" in figure:
        found.append(f"x {figure['ratio']:.2f}")
    if "p" in figure:
        p = figure["p"]
        found.append(f"p {p:.3f}" if p >= 0.001 else f"p {p:.0e}")
    return ", ".join(found)


def _row(row):
    begin = [row["what"], f"`{row['stages']}`", f"`{row['qdisc']}`", WAYS[row["way"]]]
    if "error" in row:
        return markdown_row([*begin, "", "", "", "", f"not measured: {row['error']}"])
    return markdown_row([*begin, row["figure"], row["ours"], row["kernel"], _tested(row),
                         row["verdict"]])


def summary(sections):
    """{verdict: how many rows}, without the reasons."""
    counts = {}
    for section in sections.values():
        for row in section["rows"]:
            verdict = row.get("verdict", "not measured").partition(":")[0]
            counts[verdict] = counts.get(verdict, 0) + 1
    return counts


def page(sections):
    counts = summary(sections)
    text = ABOUT + "".join(f"{count} rows: {verdict}.  \n" for verdict, count in counts.items())
    for name, title in TITLES.items():
        if name not in sections:
            continue
        section = sections[name]
        measured = section["environment"]
        text += (f"\n## {title}\n\nLinux {measured['kernel']}, {measured['processor']}, "
                 f"{measured['cpus']} CPUs, {measured['virtual']}; {measured['tunrelay']}; "
                 f"{section['load']}.\n\n")
        text += markdown_row(COLUMNS) + markdown_row(["---"] * len(COLUMNS))
        text += "".join(_row(row) for row in section["rows"])
    return text
