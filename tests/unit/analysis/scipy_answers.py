#!/usr/bin/python3 -B
# SPDX-License-Identifier: MIT
"""SciPy's answers to the questions of scipy_test.cpp: scipy_answers.py FILE, a JSON list of cases.

Prints a list of objects in the same order. What SciPy does not have (Hodges-Lehmann) is reckoned
the plain way, and its interval is checked against SciPy's test: the p-values of the samples moved by
the ends of the interval, a hair inside and a hair outside."""

import json
import sys

import numpy
from scipy import stats

HAIR = 1e-9


def wilcoxon(differences):
    differences = numpy.asarray(differences)
    kept = differences[differences != 0]
    if len(kept) == 0:
        return 0.0, 1.0
    # SciPy's own choice, but for ties, which its exact way takes for none.
    plain = len(kept) == len(differences) and len(set(abs(kept))) == len(kept)
    mode = "exact" if plain and len(kept) <= 50 else "approx"
    answer = stats.wilcoxon(differences, mode=mode)
    return answer.statistic, answer.pvalue


def mann_whitney(first, second):
    answer = stats.mannwhitneyu(first, second, alternative="two-sided", method="auto")
    return answer.statistic, answer.pvalue


def one_sample(case):
    values = numpy.asarray(case["first"])
    sums = numpy.add.outer(values, values)[numpy.triu_indices(len(values))]
    statistic, p = wilcoxon(values)
    return {
        "ranks": stats.rankdata(values).tolist(),
        "quantile": numpy.quantile(values, case["probability"]),
        "spread": stats.median_abs_deviation(values, scale="normal"),
        "statistic": statistic, "p": p,
        "estimate": numpy.median(sums / 2),
        "p_at_ends": ends(case, lambda shift: wilcoxon(values - shift)[1]),
        "median_interval": median_interval(sorted(values), case["alpha"]),
    }


def two_samples(case):
    first, second = numpy.asarray(case["first"]), numpy.asarray(case["second"])
    statistic, p = mann_whitney(first, second)
    return {
        "statistic": statistic, "p": p,
        "estimate": numpy.median(numpy.subtract.outer(second, first)),
        "p_at_ends": ends(case, lambda shift: mann_whitney(first, second - shift)[1]),
    }


def ends(case, p_at):
    """Outside and inside of the low end, inside and outside of the high one."""
    low, high = case.get("low"), case.get("high")
    if low is None:
        return None
    return [p_at(low - HAIR), p_at(low + HAIR), p_at(high - HAIR), p_at(high + HAIR)]


def median_interval(values, alpha):
    """By the binomial distribution; None when the values are too few."""
    below = int(stats.binom.ppf(alpha / 2, len(values), 0.5))
    if stats.binom.cdf(below, len(values), 0.5) > alpha / 2:
        below -= 1
    return None if below < 0 else [values[below], values[len(values) - 1 - below]]


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        cases = json.load(file)
    print(json.dumps([two_samples(case) if "second" in case else one_sample(case)
                      for case in cases]))


if __name__ == "__main__":
    main()
