"""Results as Markdown tables."""


def _row(cells):
    return "| " + " | ".join(cells) + " |\n"


def _cell(row, scale):
    """Median, spread, and how it stands to veth and to the baseline."""
    value, low, high = (row[key] / scale for key in ("median", "lowest", "highest"))
    digits = 0 if value >= 100 else 1
    text = f"{value:.{digits}f} ({low:.{digits}f} to {high:.{digits}f})"
    ratios = [f"{row[key]:.2f}" if key in row else "-"
              for key in ("ratio_to_veth", "ratio_to_baseline")]
    text += f" {' / '.join(ratios)}"
    if row.get("lost_percent", 0) >= 0.05:
        text += f", {row['lost_percent']:.1f} % lost"
    if row.get("retransmits", 0) > 0:
        text += f", {row['retransmits']:.0f} rtx"
    return text


def peers(summary, tests):
    """TESTS: {test: (title, unit, scale)}. A row a link, a column a test."""
    text = _row(["link", *(f"{title}, {unit}" for title, unit, _ in tests.values())])
    text += _row(["---"] * (len(tests) + 1))
    for peer, results in summary.items():
        cells = [_cell(results[test], tests[test][2]) if test in results else "-"
                 for test in tests]
        text += _row([peer, *cells])
    return text + ("\nEach cell: median (lowest to highest), then the median's ratio to veth / to "
                   "the read/write baseline.\n")


def _spread(figure, scale, digits):
    value, low, high = (figure[key] / scale for key in ("median", "lowest", "highest"))
    return f"{value:.{digits}f} ({low:.{digits}f} to {high:.{digits}f})"


def cost(summary, titles):
    """TITLES: {series: (what grows, figure)}. A table a series, a row a point."""
    text = ""
    for series, points in summary.items():
        what, figure = titles[series]
        unit, scale = ("Gbit/s", 1e9) if figure == "bits_per_s" else ("kpps", 1e3)
        text += _row([what, unit, "CPU ns a packet", "CPU ns a wire segment", "resident MiB",
                      "ready ms", "restored ms"])
        text += _row(["---"] * 7)
        for x, point in points.items():
            text += _row([str(x), _spread(point[figure], scale, 1),
                          _spread(point["cpu_ns_per_packet"], 1, 0),
                          _spread(point["cpu_ns_per_segment"], 1, 0),
                          _spread(point["resident_bytes"], 1 << 20, 1),
                          _spread(point["ready_ms"], 1, 0),
                          _spread(point["restored_ms"], 1, 0)])
        text += "\n"
    return text + "Each cell: median (lowest to highest).\n"
