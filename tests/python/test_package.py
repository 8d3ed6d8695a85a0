# SPDX-License-Identifier: MIT
"""The package itself: its types hold, its documentation is complete, its examples run, and pip
builds it without any download."""

import inspect
import os
import subprocess
import sys
import zipfile

import pytest
from conftest import EXAMPLES, ROOT

import tunrelay


def test_types_hold():
    pytest.importorskip("mypy")
    result = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--python-version", "3.9", "--cache-dir",
         os.devnull, "--ignore-missing-imports", "--allow-any-generics", "--no-warn-return-any",
         "--allow-untyped-calls", "--allow-untyped-decorators", "--no-warn-unused-ignores", str(ROOT / "src/python/tunrelay")],
        capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize("name", sorted(tunrelay.__all__))
def test_everything_public_says_what_it_is_for(name):
    thing = getattr(tunrelay, name)
    if not (inspect.isclass(thing) or inspect.isfunction(thing)):
        return
    assert inspect.getdoc(thing)
    for member, value in vars(thing).items() if inspect.isclass(thing) else ():
        if not member.startswith("_") and inspect.isfunction(value) and member != "pass_all":
            assert inspect.getdoc(value), member


@pytest.mark.parametrize("example", sorted(path.name for path in EXAMPLES.glob("*.py")))
def test_the_examples_run(example, open_tunnel):
    open_tunnel().close()  # skips where there can't be one
    arguments = ["-m", "pytest", "-q", "-p", "no:cacheprovider"] if example.startswith("test_") else []
    result = subprocess.run([sys.executable, "-B", *arguments, str(EXAMPLES / example)],
                            capture_output=True, text=True, timeout=60)
    assert result.returncode == 0, result.stdout + result.stderr


def test_a_result_is_drawn(tmp_path):
    pytest.importorskip("matplotlib")
    pytest.importorskip("pandas")
    picture = tmp_path / "latency.png"
    subprocess.run([sys.executable, "-B", str(EXAMPLES / "plot_latency.py"),
                    str(ROOT / "tests/python/data/result.json"), str(picture)], check=True)
    assert picture.read_bytes().startswith(b"\x89PNG")


@pytest.mark.skipif(os.environ.get("TUNRELAY_LONG_TESTS") != "1", reason="it builds everything again")
def test_pip_builds_it_offline(tmp_path):
    subprocess.run([sys.executable, "-m", "pip", "wheel", "--no-index", "--no-deps", "--wheel-dir",
                    str(tmp_path), str(ROOT)], check=True)
    (wheel,) = tmp_path.glob("tunrelay-*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    for name in ("tunrelay/_native.abi3.so", "tunrelay/py.typed", "tunrelay/pytest_plugin.py"):
        assert name in names
