# SPDX-License-Identifier: MIT
"""Results as Markdown tables."""

# How a figure is printed: unit and scale.
FIGURES = {"bits_per_s": ("Gbit/s", 1e9), "packets_per_s": ("kpps", 1e3),
           "round_trip_us": ("round trip, us", 1)}


def markdown_row(cells):
    return "| " + " | ".join(cells) + " |\n"


def _spread(figure, scale, digits):
    value, low, high = (figure[key] / scale for key in ("median", "lowest", "highest"))
    return f"{value:.{digits}f} ({low:.{digits}f} to {high:.{digits}f})"


# What is printed of each point beside its own figure: heading, figure, scale, digits.
COSTS = (("CPUs busy", "cpu_ratio", 1, 2), ("CPU ns a packet", "cpu_ns_per_packet", 1, 0),
         ("CPU ns a wire segment", "cpu_ns_per_segment", 1, 0),
         ("resident MiB", "resident_bytes", 1 << 20, 1), ("ready ms", "ready_ms", 1, 0),
         ("restored ms", "restored_ms", 1, 0))


def cost(summary, titles):
    """TITLES: {series: (what grows, figure)}. A table a series, a row a point."""
    text = ""
    for series, points in summary.items():
        what, figure = titles[series]
        unit, scale = FIGURES[figure]
        shown = [column for column in COSTS if all(column[1] in point for point in points.values())]
        text += markdown_row([what, unit, *(heading for heading, *_ in shown)])
        text += markdown_row(["---"] * (2 + len(shown)))
        for x, point in points.items():
            text += markdown_row([str(x), _spread(point[figure], scale, 1),
                          *(_spread(point[key], divisor, digits)
                            for _, key, divisor, digits in shown)])
        text += "\n"
    return text + "Each cell: median (lowest to highest).\n"


def _figure_text(key, row):
    """"p50 12.3 us (11.0 to 14.1)": the unit is the end of the key."""
    units = (("_bits_per_s", "Gbit/s", 1e9), ("_us", "us", 1), ("", "", 1))
    ending, unit, scale = next(one for one in units if f"_{key}".endswith(one[0]))
    name = f"_{key}".removesuffix(ending).strip("_").replace("_", " ")
    values = [row[at] / scale for at in ("median", "lowest", "highest")]
    digits = 0 if all(value == int(value) for value in values) else 3 if not unit else 1
    if unit == "Gbit/s" and values[0] < 2:
        digits = 4
    value, low, high = (f"{value:.{digits}f}" for value in values)
    return " ".join(word for word in (name, value, unit, f"({low} to {high})") if word)


def figures(summary, what):
    """{name: {figure: {median, lowest, highest}}}: a row a name, each figure with its own unit."""
    text = markdown_row([what, "measured"]) + markdown_row(["---"] * 2)
    for name, row in summary.items():
        text += markdown_row([name, "; ".join(_figure_text(key, row[key]) for key in row)])
    return text + "\nEach figure: median (lowest to highest).\n"
