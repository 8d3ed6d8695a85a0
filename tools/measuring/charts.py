# SPDX-License-Identifier: MIT
"""Charts as SVG, by matplotlib."""

from measuring.tables import FIGURES


def _pyplot():
    import matplotlib  # pylint: disable=import-outside-toplevel
    matplotlib.use("svg")
    # The same input makes the same file, and text stays text.
    matplotlib.rcParams.update({"svg.hashsalt": "tunrelay", "svg.fonttype": "none",
                                "font.size": 9})
    from matplotlib import pyplot  # pylint: disable=import-outside-toplevel
    return pyplot


def _save(figure, path):
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None})


def peers(summary, tests, path):
    """A panel a test: each link's median as a ratio to veth, with its spread. TESTS: {title: Test}."""
    pyplot = _pyplot()
    figure, panels = pyplot.subplots(1, len(tests), sharey=True, squeeze=False,
                                     figsize=(2.2 * len(tests) + 1.5, 0.3 * len(summary) + 1.2))
    names = list(summary)
    for panel, (title, test) in zip(panels[0], tests.items()):
        limit = summary.get("veth", {}).get(title, {}).get("median")
        for at, name in enumerate(names):
            row = summary[name].get(title)
            if row is None or not limit:
                continue
            value = row["median"] / limit
            error = [[(row["median"] - row["lowest"]) / limit],
                     [(row["highest"] - row["median"]) / limit]]
            panel.barh(at, value, xerr=error, height=0.7, capsize=2, ecolor="#555555",
                       color="#d1663c" if name.startswith("tunrelay") else "#7c93a8")
        panel.axvline(1, color="#333333", linewidth=0.8)
        panel.set_title(title + ("\n(less is better)" if test.less_is_better else ""), fontsize=8)
        panel.set_yticks(range(len(names)), names)
        panel.set_xlabel("of veth")
    panels[0][0].invert_yaxis()
    _save(figure, path)


def cost(summary, titles, path):
    """A column a series: throughput or round trip above, CPU time a packet below."""
    pyplot = _pyplot()
    figure, panels = pyplot.subplots(2, len(summary), squeeze=False,
                                     figsize=(3.2 * len(summary), 5.6))
    for column, (series, points) in zip(panels.T, summary.items()):
        what, key = titles[series]
        unit, scale = FIGURES[key]
        named = not all(isinstance(x, int) for x in points)
        positions = list(range(len(points))) if named else list(points)
        for panel, shown, label, divisor in ((column[0], key, unit, scale),
                                             (column[1], "cpu_ns_per_packet",
                                              "relay's CPU, ns a packet", 1)):
            if not all(shown in point for point in points.values()):
                panel.axis("off")
                continue
            figures = [point[shown] for point in points.values()]
            medians = [row["median"] / divisor for row in figures]
            panel.errorbar(positions, medians, marker="o", markersize=3, capsize=2,
                           color="#d1663c", ecolor="#555555",
                           linestyle="none" if named else "-",
                           yerr=[[(row["median"] - row["lowest"]) / divisor for row in figures],
                                 [(row["highest"] - row["median"]) / divisor for row in figures]])
            if not named:
                panel.set_xscale("log")
            panel.set_ylim(bottom=0)
            panel.set_ylabel(label)
            panel.set_xticks(positions, [str(x) for x in points],
                             rotation=60 if named else 0)
            panel.minorticks_off()
        column[0].set_title(what, fontsize=9)
    _save(figure, path)
