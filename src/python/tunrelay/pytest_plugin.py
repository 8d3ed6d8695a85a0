# SPDX-License-Identifier: MIT
"""The pytest plug-in: the fixture `tunnel`, and the marker that says what it is like.

    @pytest.mark.tunrelay(link=["lte", "dsl"], capture=True)
    def test_my_protocol(tunnel): ...

The guide is docs/python.md."""

from __future__ import annotations

import contextlib
import itertools
import os
import random
import re
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List, Optional

import pytest

from ._errors import StageError, TunnelError, UnsupportedError, UsageError
from ._lifetime import enter_user_namespace
from ._tunnel import Tunnel

_FAILED = pytest.StashKey[bool]()
_NOTES = pytest.StashKey[List[str]]()

_MARKER = """\
tunrelay(**options): what the test's tunnel is like: the options of tunrelay.Tunnel. Also: link, \
a_to_b or b_to_a as a list, and seeds=N: a test for each; capture=True: a failed test leaves its \
packets in its output folder."""


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("tunrelay")
    group.addoption("--tunrelay-required", action="store_true",
                    help="fail tests that need a tunnel where this host can't, instead of skipping")
    group.addoption("--tunrelay-output", metavar="FOLDER",
                    help="where failed tests leave capture and summary [each its tmp_path]")
    group.addoption("--tunrelay-seed", metavar="N", type=int,
                    help="the seed of all links, to repeat a run [a failed test prints its own]")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", _MARKER)
    # The workers of pytest-xdist have threads from their start, so an ordinary user's become root
    # of a user namespace with the process that starts them.
    has_workers = bool(getattr(config.option, "numprocesses", None) or getattr(config.option, "tx", None))
    if has_workers and os.geteuid() != 0 and not hasattr(config, "workerinput"):
        with contextlib.suppress(TunnelError):  # the tests say what this host lacks
            enter_user_namespace()


def _options_of(node: Any) -> Dict[str, Any]:
    """Of all markers, the closest one's first."""
    options: Dict[str, Any] = {}
    for marker in reversed(list(node.iter_markers("tunrelay"))):
        options.update(marker.kwargs)
    return options


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "tunrelay_case" not in metafunc.fixturenames:
        return
    options = _options_of(metafunc.definition)
    lists: Dict[str, List[Any]] = {
        name: list(options[name]) for name in ("link", "a_to_b", "b_to_a")
        if isinstance(options.get(name), (list, tuple))}
    seeds = options.get("seeds")
    if seeds is not None:
        lists["seed"] = list(range(1, seeds + 1)) if isinstance(seeds, int) else list(seeds)
    if lists:
        cases = [dict(zip(lists, values)) for values in itertools.product(*lists.values())]
        metafunc.parametrize("tunrelay_case", cases, indirect=True, ids=[
            "-".join(f"seed{value}" if name == "seed" else str(value) or "none"
                     for name, value in case.items()) for case in cases])


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: Any) -> Iterator[None]:
    outcome: Any = yield
    report = outcome.get_result()
    if report.failed:
        item.stash[_FAILED] = True
    notes: List[str] = item.stash.get(_NOTES, [])
    if report.failed and notes:
        report.sections.append(("tunrelay", "\n".join(notes)))


def _folder(request: pytest.FixtureRequest) -> Path:
    output = request.config.getoption("--tunrelay-output")
    if output is None:
        return request.getfixturevalue("tmp_path")
    return Path(output) / re.sub(r"[^\w.-]+", "_", request.node.nodeid)


def _keep(folder: Path, tunnel: Tunnel, number: int) -> None:
    """What a failed test leaves, beside its capture."""
    folder.mkdir(parents=True, exist_ok=True)
    suffix = "" if number == 1 else f"-{number}"
    (folder / f"summary{suffix}.txt").write_text(tunnel.summary())
    events = [f"{event.kind}: {event.text}\n" for event in tunnel.events]
    (folder / f"events{suffix}.txt").write_text("".join(events))


@pytest.fixture
def tunrelay_case(request: pytest.FixtureRequest) -> Dict[str, Any]:
    """The options that a parametrised test has for itself."""
    return getattr(request, "param", {})


@pytest.fixture
def open_tunnel(request: pytest.FixtureRequest,
                tunrelay_case: Dict[str, Any]) -> Iterator[Callable[..., Tunnel]]:
    """Opens a tunnel by the test's marker, and what it is given beside: open_tunnel(mtu=9000)."""
    node = request.node
    node.stash.setdefault(_FAILED, False)
    notes = node.stash.setdefault(_NOTES, [])
    opened: List[Tunnel] = []
    captures: List[Optional[Path]] = []

    def open_one(**more: Any) -> Tunnel:
        options = {**_options_of(node), **tunrelay_case, **more}
        options.pop("seeds", None)
        if options.get("seed") is None:
            seed = request.config.getoption("--tunrelay-seed")
            options["seed"] = random.getrandbits(32) if seed is None else seed
        capture = None
        if options.get("capture") is True:
            folder = _folder(request)
            folder.mkdir(parents=True, exist_ok=True)
            capture = folder / f"capture{'' if not opened else f'-{len(opened) + 1}'}.pcapng"
            options["capture"] = capture
        try:
            tunnel = Tunnel(**options)
        except UnsupportedError as error:
            _give_up(request, error)
        except UsageError as error:
            if "other threads" not in str(error):
                raise
            _give_up(request, error)
        opened.append(tunnel)
        captures.append(capture)
        notes.append(f"seed {options['seed']}; --tunrelay-seed {options['seed']} repeats it")
        notes.append(f"capture and summary: {_folder(request)}")
        return tunnel

    yield open_one
    failure: Optional[StageError] = None
    for number, (tunnel, capture) in enumerate(zip(opened, captures), 1):
        tunnel.close()
        if tunnel._on_stage_error == "stop" and tunnel.stage_errors:
            failure = failure or tunnel.stage_errors[0]
        if node.stash[_FAILED] or failure:
            _keep(_folder(request), tunnel, number)
        elif capture is not None:
            capture.unlink()
    if failure and not node.stash[_FAILED]:
        raise failure


def _give_up(request: pytest.FixtureRequest, error: TunnelError) -> None:
    reason = f"this host can't have a tunnel: {error}"
    if request.config.getoption("--tunrelay-required"):
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


@pytest.fixture
def tunnel(open_tunnel: Callable[..., Tunnel]) -> Tunnel:
    """A tunnel in a private network, as the marker `tunrelay` says; gone after the test."""
    return open_tunnel()
