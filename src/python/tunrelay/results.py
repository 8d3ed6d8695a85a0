# SPDX-License-Identifier: MIT
"""Results of `tunrelay bench`, `compare` and `gen` (src/result/result.schema.json) as dataclasses,
and as data frames where pandas is installed. Values are in base units, which each names."""

from __future__ import annotations

import base64
import dataclasses
import json
import struct
import zlib
from typing import Any, Dict, Iterator, List, Optional, Tuple

from ._options import Text
from ._records import build

_HISTOGRAM_COOKIE = 0x1C849303
_COMPRESSED_COOKIE = 0x1C849304


@dataclasses.dataclass(frozen=True)
class PathSummary:
    """What one test path's samples come to; None: there is no number."""

    path: str = ""
    valid: int = 0
    invalid: int = 0
    median: Optional[float] = None
    lowest: Optional[float] = None
    highest: Optional[float] = None
    ratio_to_control: Optional[float] = None
    ratio_to_base: Optional[float] = None


@dataclasses.dataclass(frozen=True)
class Sample:
    """One measurement; it does not count where invalid_reason says why. at_s: since the begin.
    origin: which of a merged result's origins measured it; None in others."""

    path: str = ""
    round: int = 0
    value: Optional[float] = None
    at_s: Optional[float] = None
    invalid_reason: str = ""
    origin: Optional[int] = None


@dataclasses.dataclass(frozen=True)
class Metric:
    """A figure, measured in several rounds. better: "higher", "lower" or "neither"."""

    name: str = ""
    unit: str = ""
    better: str = "neither"
    summary: Tuple[PathSummary, ...] = ()
    samples: Tuple[Sample, ...] = ()

    def of(self, path: str) -> PathSummary:
        """The summary of that test path. Raises KeyError."""
        return _named(self.summary, "path", path)


@dataclasses.dataclass(frozen=True)
class Distribution:
    """Times, in nanoseconds, as a histogram of HdrHistogram's V2 form."""

    name: str = ""
    path: str = ""
    start_s: Optional[float] = None
    interval_s: Optional[float] = None
    count: int = 0
    lowest_ns: int = 0
    highest_ns: int = 0
    mean_ns: Optional[float] = None
    standard_deviation_ns: Optional[float] = None
    percentiles: Tuple[Dict[str, float], ...] = ()
    histogram: str = ""

    def buckets(self) -> List[Tuple[int, int]]:
        """(lowest value in ns, count) of each bucket that has any. Raises ValueError for a histogram
        of another form."""
        return list(_buckets(base64.b64decode(self.histogram)))

    def quantile_ns(self, ratio: float) -> int:
        """The lowest value of the bucket in which that part (0 to 1) of the times has come."""
        rank, seen = ratio * self.count, 0
        value = 0
        for value, count in self.buckets():
            seen += count
            if seen >= rank:
                break
        return value


@dataclasses.dataclass(frozen=True)
class Series:
    """Values over time: one every interval_s, from start_s on."""

    name: str = ""
    unit: str = ""
    path: str = ""
    start_s: Optional[float] = None
    interval_s: Optional[float] = None
    values: Tuple[Optional[float], ...] = ()


@dataclasses.dataclass(frozen=True)
class Origin:
    """A run of a merged result. asked, done and environment: what not all runs have alike."""

    run: str = ""
    machine: str = ""
    title: str = ""
    started_utc: str = ""
    duration_s: Optional[float] = None
    seed: int = 0
    complete: bool = True
    first_round: int = 0
    asked: Optional[Dict[str, Any]] = None
    done: Optional[Dict[str, Any]] = None
    environment: Optional[Dict[str, Any]] = None


@dataclasses.dataclass(frozen=True)
class Result:
    """A result. `complete` is false for a run that was cut short; raw: all of it. origins: the runs
    of a merged one."""

    suite: str = ""
    title: str = ""
    started_utc: str = ""
    duration_s: Optional[float] = None
    seed: int = 0
    complete: bool = True
    asked: Optional[Dict[str, Any]] = None
    done: Optional[Dict[str, Any]] = None
    environment: Optional[Dict[str, Any]] = None
    metrics: Tuple[Metric, ...] = ()
    distributions: Tuple[Distribution, ...] = ()
    series: Tuple[Series, ...] = ()
    notes: Tuple[str, ...] = ()
    origins: Tuple[Origin, ...] = ()
    raw: Dict[str, Any] = dataclasses.field(default_factory=dict, repr=False, compare=False)

    def metric(self, name: str) -> Metric:
        """Raises KeyError with the names that there are."""
        return _named(self.metrics, "name", name)

    def samples_frame(self) -> Any:
        """A pandas.DataFrame, a row a sample: metric, unit, path, round, value, at_s,
        invalid_reason, origin. Raises ImportError without pandas."""
        return _frame([{"metric": metric.name, "unit": metric.unit, **dataclasses.asdict(sample)}
                       for metric in self.metrics for sample in metric.samples])

    def series_frame(self) -> Any:
        """A row a value: series, unit, path, at_s, value."""
        return _frame([{"series": one.name, "unit": one.unit, "path": one.path,
                        "at_s": (one.start_s or 0) + at * (one.interval_s or 0), "value": value}
                       for one in self.series for at, value in enumerate(one.values)])

    def histogram_frame(self) -> Any:
        """A row a bucket that has any: distribution, path, value_ns, count."""
        return _frame([{"distribution": one.name, "path": one.path, "start_s": one.start_s,
                        "value_ns": value, "count": count}
                       for one in self.distributions for value, count in one.buckets()])


def load(file: Text) -> Result:
    """The result in FILE. Raises OSError, and ValueError for what is not a result of version 2."""
    with open(file, encoding="utf-8") as opened:
        data = json.load(opened)
    if not isinstance(data, dict) or data.get("format") != "tunrelay-result":
        raise ValueError(f"{file} is not a result of tunrelay")
    if data.get("version") != 2:
        raise ValueError(f"{file} is a result of version {data.get('version')}; this reads 2")
    return dataclasses.replace(build(Result, data), raw=data)


def _named(items: Tuple[Any, ...], key: str, name: str) -> Any:
    for item in items:
        if getattr(item, key) == name:
            return item
    raise KeyError(f"{name}; there are: {', '.join(getattr(item, key) for item in items)}")


def _frame(rows: List[Dict[str, Any]]) -> Any:
    import pandas

    return pandas.DataFrame(rows)


def _zigzag(data: bytes, at: int) -> Tuple[int, int]:
    """A number in ZigZag LEB128 of up to 9 bytes, and where the next begins."""
    value = shift = 0
    for length in range(9):
        byte = data[at]
        at += 1
        value |= (byte if length == 8 else byte & 0x7F) << shift
        if byte < 0x80 or length == 8:
            break
        shift += 7
    return (value >> 1) ^ -(value & 1), at


def _buckets(data: bytes) -> Iterator[Tuple[int, int]]:
    cookie, size = struct.unpack_from(">II", data)
    if cookie & ~0xF0 != _COMPRESSED_COOKIE & ~0xF0:
        raise ValueError("not a compressed histogram of HdrHistogram's V2 form")
    data = zlib.decompress(data[8 : 8 + size])
    cookie, size, _, digits, lowest, _, _ = struct.unpack_from(">IIiiqqd", data)
    if cookie & ~0xF0 != _HISTOGRAM_COOKIE & ~0xF0:
        raise ValueError("not a histogram of HdrHistogram's V2 form")
    half_magnitude = max((2 * 10**digits - 1).bit_length(), 1) - 1
    half = 1 << half_magnitude
    unit = max(lowest, 1).bit_length() - 1
    at, end, index = 40, 40 + size, 0
    while at < end:
        count, at = _zigzag(data, at)
        if count < 0:
            index -= count
            continue
        if count:
            bucket = (index >> half_magnitude) - 1
            position = (index & (half - 1)) + half
            if bucket < 0:
                bucket, position = 0, position - half
            yield position << (bucket + unit), count
        index += 1
