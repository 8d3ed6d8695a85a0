# SPDX-License-Identifier: MIT
"""Results as dataclasses and data frames."""

import json
import subprocess
from pathlib import Path

import pytest
from conftest import PROGRAM

import tunrelay


@pytest.fixture
def measured():
    """A part of a result of `tunrelay bench latency`."""
    return Path(__file__).parent / "data/result.json"


def test_a_result_as_dataclasses(measured):
    result = tunrelay.load(measured)
    raw = json.loads(measured.read_text())
    assert result.suite == "latency" and result.complete and result.raw == raw
    assert [metric.name for metric in result.metrics] == [m["name"] for m in raw["metrics"]]
    first, raw_first = result.metrics[0], raw["metrics"][0]
    assert [sample.value for sample in first.samples] == [s["value"] for s in raw_first["samples"]]
    assert first.of("subject").median == raw_first["summary"][0]["median"]
    assert result.metric(first.name) is first
    with pytest.raises(KeyError, match="there are"):
        result.metric("none of these")


def test_histograms_have_what_the_result_says_of_them(measured):
    result = tunrelay.load(measured)
    assert result.distributions
    for one in result.distributions:
        buckets = one.buckets()
        assert sum(count for _, count in buckets) == one.count
        assert [value for value, _ in buckets] == sorted(value for value, _ in buckets)
        # A bucket of three digits is as wide as a thousandth of its value.
        assert buckets[0][0] <= one.lowest_ns <= buckets[0][0] * 1.001 + 1
        assert buckets[-1][0] <= one.highest_ns <= buckets[-1][0] * 1.002 + 1
        for percentile in one.percentiles:
            value = one.quantile_ns(percentile["percentile"] / 100)
            assert value == pytest.approx(percentile["value_ns"], rel=0.002, abs=2)


def test_data_frames(measured):
    pytest.importorskip("pandas")
    result = tunrelay.load(measured)
    samples = result.samples_frame()
    assert set(samples.columns) >= {"metric", "unit", "path", "round", "value", "at_s"}
    assert len(samples) == sum(len(metric.samples) for metric in result.metrics)
    histogram = result.histogram_frame()
    assert histogram["count"].sum() == sum(one.count for one in result.distributions)
    assert len(result.series_frame()) == sum(len(one.values) for one in result.series)


def test_a_merged_result_has_the_origins_of_its_samples(measured, tmp_path):
    raw = json.loads(measured.read_text())
    for number in (1, 2):
        raw["seed"] = number
        raw["environment"]["machine_name"] = f"node-{number}"
        (tmp_path / f"{number}.json").write_text(json.dumps(raw))
    subprocess.run([PROGRAM, "merge", "1.json", "2.json", "--out", "all.json"], cwd=tmp_path,
                   check=True)
    merged = tunrelay.load(tmp_path / "all.json")
    assert [origin.machine for origin in merged.origins] == ["node-1", "node-2"]
    assert merged.origins[0].environment == {"machine_name": "node-1"}
    first = merged.metrics[0].samples
    assert {sample.origin for sample in first} == {0, 1}
    assert len(first) == 2 * len(raw["metrics"][0]["samples"])
    assert merged.distributions[0].count == 2 * raw["distributions"][0]["count"]


def test_what_is_not_a_result_is_refused(tmp_path):
    path = tmp_path / "x.json"
    for text in ("{}", '{"format": "tunrelay-result", "version": 3}', "[]"):
        path.write_text(text)
        with pytest.raises(ValueError):
            tunrelay.load(path)
