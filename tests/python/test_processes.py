# SPDX-License-Identifier: MIT
"""Whatever ends the program, the host is as before: the interpreter's end, an exception, a signal,
a kill, a fork."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest
from conftest import network_state, python, wait_for

OPEN = """
import os, signal, subprocess, sys, threading, time, tunrelay
class All(tunrelay.Endpoint):
    def from_device(self, frames, now_ns):
        self.pass_all(frames)
tunnel = tunrelay.Tunnel(private_network=%s, stages=[All])
print("open", flush=True)
"""


def begin(text, is_private=True):
    # Who runs the tests may ignore Ctrl-C, and children would too.
    text = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n" + OPEN % is_private + text
    process = subprocess.Popen([sys.executable, "-c", text], stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True)
    if process.stdout.readline() != "open\n":
        reason = process.communicate()[1]
        pytest.skip(f"this host can't have a tunnel: {reason}")
    return process


def leftovers(word):
    return subprocess.run(["pgrep", "-xf", word], capture_output=True).returncode == 0


@pytest.fixture
def in_a_network_of_our_own():
    """For tunnels that are not private: a child in a namespace of its own stands for the host."""
    return ["unshare", "-mn", "--", sys.executable, "-c"]


def test_the_interpreters_end_closes_what_is_open():
    process = begin("tunnel.popen('sleep 5151')\n")
    assert process.wait(20) == 0, process.stderr.read()
    assert wait_for(lambda: not leftovers("sleep 5151"))


def test_an_exception_and_exit_in_the_middle():
    process = begin("with tunnel: raise KeyError('x')\n")
    assert process.wait(20) == 1 and "KeyError" in process.stderr.read()
    assert begin("with tunnel: sys.exit(3)\n").wait(20) == 3


def test_ctrl_c_ends_the_command_and_the_tunnel():
    process = begin("with tunnel:\n  tunnel.run('sleep 5252')\n")
    assert wait_for(lambda: leftovers("sleep 5252"))
    process.send_signal(signal.SIGINT)
    process.wait(20)
    assert "KeyboardInterrupt" in process.stderr.read()
    assert not leftovers("sleep 5252")


def test_ctrl_c_at_any_moment_leaves_nothing():
    script = """
import signal, time
signal.signal(signal.SIGINT, signal.default_int_handler)
import tunrelay
print("ready", flush=True)
while True:
    with tunrelay.Tunnel(a_to_b="delay 1ms") as tunnel:
        tunnel.run("true")
"""
    for delay_s in (0.0, 0.005, 0.02, 0.04, 0.06, 0.08, 0.1, 0.13, 0.2):
        process = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True)
        assert process.stdout.readline() == "ready\n"
        time.sleep(delay_s)
        process.send_signal(signal.SIGINT)
        errors = process.communicate(timeout=20)[1]
        assert "KeyboardInterrupt" in errors, errors
        assert "Fatal" not in errors and process.returncode in (1, -signal.SIGINT)


def test_a_kill_takes_all_commands_along():
    process = begin("tunnel.run(['sh', '-c', 'setsid sleep 5353 & setsid sleep 5353'])\n")
    assert wait_for(lambda: leftovers("sleep 5353"))
    process.kill()
    process.wait(20)
    assert wait_for(lambda: not leftovers("sleep 5353"))


FORK = """
pid = os.fork()
if pid == 0:
    try:
        tunnel.run("true")
    except tunrelay.UsageError:
        tunnel.close()  # is nothing here
        time.sleep(%s)
        os._exit(7)
    os._exit(1)
"""


def test_a_forked_child_has_no_tunnel_and_keeps_none():
    process = begin(FORK % 0 + """
assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 7
assert tunnel.check_path()
""")
    assert process.wait(20) == 0, process.stderr.read()


def test_a_forked_child_that_lives_on_does_not_keep_the_devices():
    process = begin(FORK % 3 + """
time.sleep(0.3)
begin = time.monotonic()
tunnel.close()
assert time.monotonic() - begin < 1.5, "the devices went at once"
os.kill(pid, signal.SIGKILL)
os.waitpid(pid, 0)
""")
    assert process.wait(20) == 0, process.stderr.read()


def test_a_tunnel_in_the_callers_network_is_undone(in_a_network_of_our_own):
    script = OPEN % False + """
def state():
    return [subprocess.run(["ip", *words.split()], capture_output=True, text=True).stdout
            for words in ("-o link show", "rule show", "route show table all")]
assert b"tun0" in subprocess.run(["ip", "link"], capture_output=True).stdout
assert tunnel.run("ping -n -c 1 -W 1 192.168.13.2").returncode == 0
tunnel.close()
assert not any("tun0" in text or "192.168.13" in text for text in state())
"""
    result = subprocess.run(in_a_network_of_our_own + [script], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr


def test_a_kill_leaves_the_callers_network_as_it_was(in_a_network_of_our_own):
    # The shell stays in the network, and looks at it when the program is dead.
    script = OPEN % False + "os.kill(os.getpid(), signal.SIGKILL)\n"
    shell = 'before=$(ip rule; ip route show table all); "$@" >/dev/null; sleep 1; ' \
            'after=$(ip rule; ip route show table all); ip link show tun0 2>/dev/null && exit 5; ' \
            '[ "$before" = "$after" ]'
    result = subprocess.run(["unshare", "-mn", "sh", "-c", shell, "sh", sys.executable, "-c", script],
                            capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr


def test_threads_of_the_program_stay_where_they_are():
    before = network_state()
    result = python(OPEN % True + """
assert os.readlink("/proc/self/ns/net") != tunnel.call(os.readlink, "/proc/thread-self/ns/net")
assert b"tun0" not in subprocess.run(["ip", "link"], capture_output=True).stdout
tunnel.close()
""")
    assert result.returncode == 0, result.stderr
    assert network_state() == before


def as_ordinary_user(folder, *command):
    """COMMAND by the user nobody, who may open /dev/net/tun."""
    node = folder / "tun"
    shell = ('mknod -m 0666 "$1" c 10 200 && mount --bind "$1" /dev/net/tun && shift && '
             'exec setpriv --reuid=65534 --regid=65534 --clear-groups "$@"')
    return subprocess.run(["unshare", "-m", "sh", "-c", shell, "sh", str(node), *command], cwd="/",
                          capture_output=True, text=True, env={**os.environ, "HOME": "/"})


def test_an_ordinary_user_by_a_user_namespace(tmp_path):
    result = as_ordinary_user(tmp_path, sys.executable, "-c", """
import tunrelay
with tunrelay.Tunnel() as tunnel:
    tunnel.run("ping -n -c 1 -W 1 192.168.13.2", check=True)
with tunrelay.Tunnel() as second:
    print("proven", second.check_path())
""")
    if "user namespace" in result.stderr:
        pytest.skip(result.stderr)
    assert result.returncode == 0, result.stderr
    assert "proven True" in result.stdout


@pytest.fixture
def open_folder():
    """That another user may enter, as those of pytest are not."""
    with tempfile.TemporaryDirectory(prefix="tunrelay-") as name:
        folder = Path(name)
        folder.chmod(0o777)
        yield folder


def test_an_ordinary_users_tests_in_several_workers(open_folder):
    pytest.importorskip("xdist")
    (open_folder / "test_it.py").write_text("""
import pytest
@pytest.mark.parametrize("number", range(4))
def test_path(tunnel, number):
    assert tunnel.check_path()
""")
    result = as_ordinary_user(open_folder, sys.executable, "-B", "-m", "pytest", "-p",
                              "no:cacheprovider", "-n", "2", "--basetemp", str(open_folder / "base"),
                              str(open_folder))
    if "user namespace" in result.stdout:
        pytest.skip(result.stdout)
    assert "4 passed" in result.stdout, result.stdout + result.stderr


def test_time_is_not_lost_at_import():
    begin = time.monotonic()
    assert python("import tunrelay").returncode == 0
    assert time.monotonic() - begin < 3
    assert "pandas" not in python("import sys, tunrelay; print(*sys.modules)").stdout.split()
    assert os.getpid()
