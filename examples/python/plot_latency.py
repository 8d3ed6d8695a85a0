# SPDX-License-Identifier: MIT
"""Draws the latencies of a result as curves of a cumulative distribution, by matplotlib.

    tunrelay bench latency --out result.json && python3 plot_latency.py result.json latency.png"""

import sys

import tunrelay


def main(source=None, target="latency.png"):
    if source is None:
        print(__doc__)
        return
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    result = tunrelay.load(source)
    frame = result.histogram_frame()
    for (name, path), rows in frame.groupby(["distribution", "path"]):
        rows = rows.groupby("value_ns")["count"].sum().cumsum()
        pyplot.step(rows.index / 1000, rows / rows.iloc[-1], label=f"{name}, {path}")
    pyplot.xscale("log")
    pyplot.xlabel("microseconds")
    pyplot.ylabel("ratio of messages that took no longer")
    pyplot.legend()
    pyplot.savefig(target)


if __name__ == "__main__":
    main(*sys.argv[1:])
