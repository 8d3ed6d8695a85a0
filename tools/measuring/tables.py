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
