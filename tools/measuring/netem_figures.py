# SPDX-License-Identifier: MIT
"""How tools/compare-netem judges what both sides did to the same load. A side is what
netem_probe.observe() says, with "sent": how many packets there were. Each function gives figures:
what it is, ours, the kernel's, p value or ratio, and whether the two are the same by it."""

import math

import numpy
from scipy import stats

# Of some hundred tests with this bar, one in ten runs has a false alarm.
LEAST_P = 0.001
RUNS_ALPHA = 0.05  # what four runs a side can reach: all of one above all of the other
BLOCKS = 100
MOST_BINS = 12
LEAST_IN_BIN = 10
UNCORRELATED_EVERY = 20  # packets so far apart have nothing of each other's jitter
AT_ONCE_NS = 50_000_000  # half of the delay that others wait
SLOT_PAUSE_NS = 5_000_000  # longer than what leaves in one slot takes, shorter than all slots


def by_p(what, ours, kernel, p):
    return {"figure": what, "ours": ours, "kernel": kernel, "p": float(p), "same": bool(p > LEAST_P)}


def by_ratio(what, ours, kernel, of_ours, of_kernel, tolerance, slack=0):
    """The same within TOLERANCE, or with no more than SLACK between them."""
    ratio = of_ours / of_kernel if of_kernel else 1 if of_ours == 0 else float("inf")
    return {"figure": what, "ours": ours, "kernel": kernel, "ratio": float(ratio),
            "same": bool(abs(ratio - 1) <= tolerance or abs(of_ours - of_kernel) <= slack)}


def by_runs(what, ours, kernel, text_of, tolerance, slack=0):
    """Of several runs a side, the medians as by_ratio() has them; and else whether chance deals runs
    like these (Mann-Whitney): how TCP begins decides much of a short one."""
    medians = [float(numpy.median(side)) for side in (ours, kernel)]
    figure = by_ratio(what, *map(text_of, medians), *medians, tolerance, slack)
    if not figure["same"]:
        figure["p"] = float(stats.mannwhitneyu(ours, kernel, method="exact").pvalue)
        can_tell = 2 / math.comb(len(ours) + len(kernel), len(ours)) <= RUNS_ALPHA
        figure["within_spread"] = can_tell and figure["p"] > RUNS_ALPHA
    return figure


def _percent(ratio):
    return f"{100 * ratio:.3f} %"


def _ms(value_ns):
    return f"{value_ns / 1e6:.2f} ms"


def welch_p(ours, kernel):
    """That both have the same mean, whatever their variances (Welch)."""
    if numpy.ptp(ours) == 0 and numpy.ptp(kernel) == 0:
        return 1.0 if ours[0] == kernel[0] else 0.0
    return stats.ttest_ind(ours, kernel, equal_var=False).pvalue


def share_p(ours, kernel):
    """Of two sequences of decisions that may follow each other: over the shares of blocks, which
    hardly do."""
    return welch_p(*([block.mean() for block in numpy.array_split(side, BLOCKS)]
                     for side in (ours, kernel)))


def run_lengths(decisions, value):
    """Of the runs of VALUE that both begin and end within DECISIONS."""
    changes = numpy.flatnonzero(numpy.diff(decisions.astype("i1"))) + 1
    inner = numpy.split(decisions, changes)[1:-1]
    return numpy.array([len(run) for run in inner if run[0] == value], dtype="i8")


def chi_square_p(ours, kernel):
    """That two samples of small whole numbers have the same distribution."""
    both = numpy.concatenate([ours, kernel])
    edges = numpy.unique(numpy.quantile(both, numpy.linspace(0, 1, MOST_BINS + 1)).astype("i8"))
    edges = numpy.append(edges, both.max() + 1)
    table = numpy.array([numpy.histogram(side, numpy.unique(edges))[0] for side in (ours, kernel)])
    bins = []
    for column in table.T:
        if bins and min(bins[-1].sum(), column.sum()) < LEAST_IN_BIN:
            bins[-1] = bins[-1] + column
        else:
            bins.append(column)
    if len(bins) < 2:
        return 1.0
    return stats.chi2_contingency(numpy.array(bins).T).pvalue


def by_number(side, values, otherwise):
    """VALUES, one a packet that arrived, in the order in which the packets were sent."""
    result = numpy.full(side["sent"], otherwise, dtype=numpy.asarray(values).dtype)
    result[side["number"]] = values
    return result


def constant(ours, kernel):
    return [by_ratio(what, *(_ms(value) for value in values), *values, 0.01, slack_ns)
            for what, quantile, slack_ns in (("median", 0.5, 500_000), ("p90", 0.9, 5_000_000))
            for values in ([numpy.quantile(side["delay_ns"], quantile) for side in (ours, kernel)],)]


def _spread(delays):
    return f"{numpy.mean(delays) / 1e6:.2f} ms, s {numpy.std(delays) / 1e6:.2f} ms"


def distribution(ours, kernel, every=1):
    samples = [by_number(side, side["delay_ns"], -1)[::every] for side in (ours, kernel)]
    samples = [sample[sample >= 0] for sample in samples]
    return [by_p("delays, Kolmogorov-Smirnov", *(_spread(sample) for sample in samples),
                 stats.ks_2samp(*samples).pvalue)]


def correlation(ours, kernel):
    """Of neighbours: its standard error is that of two independent samples."""
    values = []
    for side in (ours, kernel):
        delays = by_number(side, side["delay_ns"], -1)
        delays = delays[delays >= 0].astype("f8")
        values.append(numpy.corrcoef(delays[:-1], delays[1:])[0, 1])
    error = numpy.sqrt(1 / ours["sent"] + 1 / kernel["sent"])
    p = 2 * stats.norm.sf(abs(values[0] - values[1]) / error)
    return [by_p("neighbours' correlation", *(f"{value:.3f}" for value in values), p),
            *distribution(ours, kernel, UNCORRELATED_EVERY)]


def slots(ours, kernel):
    gaps, sizes = [], []
    for side in (ours, kernel):
        times = numpy.sort(side["arrival_ns"])
        begins = numpy.append(0, numpy.flatnonzero(numpy.diff(times) > SLOT_PAUSE_NS) + 1)
        gaps.append(numpy.diff(times[begins]))
        sizes.append(numpy.diff(begins))
    return [by_p("time between slots, Kolmogorov-Smirnov", *(_spread(gap) for gap in gaps),
                 stats.ks_2samp(*gaps).pvalue),
            by_p("packets a slot, chi-square",
                 *(f"{size.mean():.1f}, {size.max()} at most" for size in sizes),
                 chi_square_p(*sizes))]


def _decisions(what, ours, kernel):
    """Of two arrays of what was decided for each packet: how often, and in what runs."""
    figures = [by_p(f"{what}, Welch over {BLOCKS} blocks",
                    *(_percent(side.mean()) for side in (ours, kernel)), share_p(ours, kernel))]
    for name, value in (("run", True), ("gap", False)):
        lengths = [run_lengths(side, value) for side in (ours, kernel)]
        if min(len(one) for one in lengths) < 2 * LEAST_IN_BIN:
            continue
        means = [f"{one.mean():.3f}" for one in lengths]
        if value:
            figures.append(by_p("mean run, Welch", *means, welch_p(*lengths)))
        figures.append(by_p(f"{name} lengths, chi-square", *means, chi_square_p(*lengths)))
    return figures


def losses(ours, kernel):
    return _decisions("lost", *(by_number(side, numpy.zeros(len(side["number"]), bool), True)
                                for side in (ours, kernel)))


def duplicates(ours, kernel):
    return _decisions("sent twice", *(numpy.bincount(side["number"].astype("i8"),
                                                     minlength=side["sent"]) > 1
                                      for side in (ours, kernel)))


def overtaking(ours, kernel):
    return _decisions("overtook", *(by_number(side, side["delay_ns"] < AT_ONCE_NS, False)
                                    for side in (ours, kernel)))


def damage(ours, kernel):
    return _decisions("damaged", ours["damaged"], kernel["damaged"])


def throughput(ours, kernel):
    """Between the first and the last tenth of what arrived."""
    rates = []
    for side in (ours, kernel):
        times = side["arrival_ns"]
        begin, end = len(times) // 10, len(times) * 9 // 10
        rates.append((end - begin) * 1e9 / (times[end] - times[begin]))
    return [by_ratio("packets a second", *(f"{rate:.1f}" for rate in rates), *rates, 0.01)]


def queueing(ours, kernel):
    return [by_ratio(f"p{percent} of the delay", *(_ms(value) for value in values), *values, 0.1,
                     1_000_000)
            for percent in (50, 95)
            for values in ([numpy.percentile(side["delay_ns"], percent)
                            for side in (ours, kernel)],)]
