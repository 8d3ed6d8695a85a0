# SPDX-License-Identifier: MIT
"""The results of tools/compare-peers as a page: an overview, then a table a test."""

import statistics

from measuring.peer_tests import CONTROLS
from measuring.peers import DESCRIPTIONS
from measuring.tables import markdown_row

# What stands beside a test's own figure: heading, figure, digits.
OTHERS = (("sender", "sender_cpu_ms_per_gb", 0), ("relay", "relay_cpu_ms_per_gb", 0),
          ("receiver", "receiver_cpu_ms_per_gb", 0), ("relay, us of CPU a packet",
                                                      "relay_cpu_us_per_packet", 2),
          ("sent, kpps", "sent_kpps", 0), ("% lost", "lost_percent", 1),
          ("retransmitted", "retransmits", 0), ("p99, us", "p99_us", 1))
CPU_NOTE = "Sender, relay and receiver: milliseconds of CPU for each GB that arrived.\n"


def upper(values, less_is_better):
    """The median of the better half: what the machine does when its neighbours are quiet."""
    in_order = sorted(values, reverse=not less_is_better)
    return statistics.median(in_order[:(len(in_order) + 1) // 2])


def summarise(samples, tests):
    """{peer: {test: {median, upper, lowest, highest, rounds, ...}}} from {peer: {test: [result]}}.
    TESTS: {title: Test}."""
    summary = {}
    for peer, of_peer in samples.items():
        for title, results in of_peer.items():
            good = [result for result in results if "error" not in result]
            if not good:
                continue
            test = tests[title]
            values = [result[test.figure] for result in good]
            row = {"figure": test.figure, "median": statistics.median(values),
                   "upper": upper(values, test.less_is_better), "lowest": min(values),
                   "highest": max(values), "rounds": len(values)}
            for _, other, _ in OTHERS:
                if other in good[0]:
                    row[other] = statistics.median(result[other] for result in good)
            summary.setdefault(peer, {})[title] = row
    for of_peer in summary.values():
        for title, row in of_peer.items():
            for control in CONTROLS:
                if title in summary.get(control, {}):
                    row[f"ratio_to_{control}"] = row["median"] / summary[control][title]["median"]
    return summary


def _number(value, digits=1):
    return f"{value:.{0 if value >= 100 else digits}f}"


def _ratio(row, control):
    key = f"ratio_to_{control}"
    return f"{row[key]:.2f}" if key in row else "-"


def _overview(summary, tests):
    text = markdown_row(["link", *(f"{title}, {test.unit}" for title, test in tests.items())])
    text += markdown_row(["---"] * (len(tests) + 1))
    for peer, of_peer in summary.items():
        cells = [f"{_number(of_peer[title]['median'] / test.scale)} ({_ratio(of_peer[title], 'veth')})"
                 if title in of_peer else "-" for title, test in tests.items()]
        text += markdown_row([peer, *cells])
    return text


def _table(summary, title, test):
    rows = {peer: of_peer[title] for peer, of_peer in summary.items() if title in of_peer}
    others = [column for column in OTHERS if any(column[1] in row for row in rows.values())]
    text = markdown_row(["link", "median", "better half", "lowest to highest", "of veth", "of loop",
                         *(heading for heading, *_ in others)])
    text += markdown_row(["---"] * (6 + len(others)))
    for peer, row in rows.items():
        figures = {key: _number(row[key] / test.scale)
                   for key in ("median", "upper", "lowest", "highest")}
        text += markdown_row([peer, figures["median"], figures["upper"],
                              f"{figures['lowest']} to {figures['highest']}",
                              *(_ratio(row, control) for control in CONTROLS),
                              *(f"{row[key]:.{digits}f}" if key in row else "-"
                                for _, key, digits in others)])
    return text + ("\n" + CPU_NOTE if test.is_tcp else "")


def page(summary, tests, run):
    """RUN: started, rounds, seconds, and the environment."""
    text = (f"# tunrelay beside its peers\n\n{run['rounds']} interleaved rounds, each run of iperf3 "
            f"{run['seconds']} s, {run['started'][:10]}; {run['processor']}, {run['cpus']} CPUs, "
            f"Linux {run['kernel']}, {run['tunrelay']}, commit {run['commit']}.\n\n"
            "Medians, each with its ratio to the veth pair of the same run:\n\n")
    text += _overview(summary, tests) + "\n"
    text += "".join(f"- `{peer}`: {DESCRIPTIONS[peer]}\n" for peer in summary)
    text += ("\n`better half` is the median of the better half of the rounds: now and then a neighbour of "
             "a shared machine\nslows every link alike. TCP begins with the congestion control that is "
             "named; the UDP sender does not pace\nitself, and what arrived counts; round trips are those "
             "of `ping -A`.\n")
    for title, test in tests.items():
        text += f"\n## {title}, {test.unit}\n\n" + _table(summary, title, test)
    return text
