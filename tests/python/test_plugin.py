# SPDX-License-Identifier: MIT
"""The pytest plug-in, by test suites of its own."""

import re

import pytest

SUITE = """
import pytest, tunrelay

@pytest.mark.tunrelay(a_to_b="loss 100%", capture=True)
def test_that_fails(tunnel):
    tunnel.run("ping -c 1 -W 0.1 192.168.13.2", check=True)

@pytest.mark.tunrelay(capture=True)
def test_that_passes(tunnel, tmp_path):
    tunnel.run("ping -c 1 -W 1 192.168.13.2", check=True)
    assert (tmp_path / "capture.pcapng").exists()
"""


def test_a_failed_test_leaves_its_capture_summary_and_seed(pytester):
    pytester.makepyfile(SUITE)
    result = pytester.runpytest_subprocess("--tunrelay-output=out")
    result.assert_outcomes(passed=0, failed=2)
    result = pytester.runpytest_subprocess("--basetemp=base")
    result.assert_outcomes(passed=1, failed=1)
    text = result.stdout.str()
    seed = re.search(r"seed (\d+); --tunrelay-seed \1 repeats it", text).group(1)
    folders = {path.parent.name for path in pytester.path.glob("base/*0/capture.pcapng")}
    assert folders == {"test_that_fails0"}
    summary = (pytester.path / "base/test_that_fails0/summary.txt").read_text()
    assert f"--seed {seed}" in summary and "loss 100%" in summary
    assert (pytester.path / "out/test_a_failed_test_leaves_its_capture_summary_and_seed.py_test_"
            "that_fails/capture.pcapng").stat().st_size > 500
    result = pytester.runpytest_subprocess("--tunrelay-seed=77", "-k", "fails")
    assert "seed 77;" in result.stdout.str()


def test_links_and_seeds_make_a_test_each(pytester):
    pytester.makepyfile("""
        import pytest
        seen = []

        @pytest.mark.tunrelay(link=["lte", "dsl"], seeds=2)
        def test_each(tunnel):
            shown = tunnel.link.show()
            seen.append((shown.a_to_b, shown.seed))

        def test_all():
            assert len(set(seen)) == 4 and {seed for _, seed in seen} == {1, 2}

        @pytest.mark.tunrelay(a_to_b=["", "delay 1ms"])
        class TestGroup:
            @pytest.mark.tunrelay(mtu=9000)
            def test_of_a_class(self, tunnel):
                assert tunnel.report().mtu_bytes == 9000
    """)
    result = pytester.runpytest_subprocess("-v")
    result.assert_outcomes(passed=7)
    result.stdout.fnmatch_lines(["*test_each?lte-seed1?*", "*test_each?dsl-seed2?*",
                                 "*test_of_a_class?delay 1ms?*"])


@pytest.mark.parametrize("arguments, outcome", [((), "skipped"), (("--tunrelay-required",), "failed")])
def test_a_host_that_can_not_skips_or_fails(pytester, arguments, outcome):
    pytester.makepyfile("def test_it(tunnel): pass")
    # Without a /dev/net/tun, as in a plain container.
    shell = 'mount -t tmpfs none /dev/net && exec "$@"'
    import sys

    result = pytester.run("unshare", "-m", "sh", "-c", shell, "sh", sys.executable, "-m", "pytest",
                          "-rs", "-p", "no:cacheprovider", *arguments)
    counts = result.parseoutcomes()
    assert counts.get(outcome, counts.get(outcome + "s", counts.get("errors"))) == 1, counts
    assert "this host can't have a tunnel" in result.stdout.str()


def test_an_exception_in_a_stage_fails_the_test_where_requested(pytester):
    pytester.makepyfile("""
        import pytest, tunrelay

        class Faulty(tunrelay.Endpoint):
            def from_device(self, frames, now_ns):
                raise RuntimeError("found by the stage")

        @pytest.mark.tunrelay(stages=[Faulty], on_stage_error="stop")
        def test_it(tunnel):
            tunnel.run("ping -c 1 -W 0.2 192.168.13.2")
    """)
    result = pytester.runpytest_subprocess()
    assert result.parseoutcomes() == {"passed": 1, "errors": 1}
    assert "found by the stage" in result.stdout.str()


def test_in_several_workers(pytester):
    pytest.importorskip("xdist")
    pytester.makepyfile("""
        import pytest
        @pytest.mark.parametrize("number", range(6))
        def test_path(tunnel, number):
            assert tunnel.check_path()
    """)
    pytester.runpytest_subprocess("-n", "3").assert_outcomes(passed=6)
