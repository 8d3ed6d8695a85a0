# SPDX-License-Identifier: MIT
"""Running programs: to their end, or in the background of a `with` block."""

import contextlib
import signal
import subprocess
import sys
import time


class Failed(Exception):
    """A program did not do what it was started for; the message has what it said."""


def run(command, time_limit_s=120):
    """Standard output of COMMAND, a list of arguments. Raises Failed."""
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                              check=False, timeout=time_limit_s)
    except FileNotFoundError as error:
        raise Failed(f"{command[0]}: not installed") from error
    except subprocess.TimeoutExpired as error:
        raise Failed(f"{' '.join(command)}: no end after {time_limit_s} s") from error
    if done.returncode != 0:
        raise Failed(f"{' '.join(command)}: exit code {done.returncode}: "
                     f"{(done.stderr or done.stdout).strip()[-500:]}")
    return done.stdout


@contextlib.contextmanager
def background(command):
    """COMMAND at work; it is ended with the block."""
    try:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   stderr=subprocess.STDOUT, text=True)
    except FileNotFoundError as error:
        raise Failed(f"{command[0]}: not installed") from error
    try:
        yield process
    finally:
        process.kill()
        process.wait(timeout=20)
        process.stdout.close()


def wait_until(condition, what, time_limit_s=20):
    """Until CONDITION() is true. Raises Failed, which names WHAT."""
    deadline = time.monotonic() + time_limit_s
    while not condition():
        if time.monotonic() > deadline:
            raise Failed(f"waited {time_limit_s} s for {what}")
        time.sleep(0.02)


def clean_up_on_signals():
    """Ends this program on SIGINT and SIGTERM by way of every `with` and `finally`."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda number, _frame: sys.exit(128 + number))
