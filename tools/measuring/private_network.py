# SPDX-License-Identifier: MIT
"""A network of one measurement's own: nothing of it reaches the machine's, and whatever runs in it
ends with it."""

import json
import subprocess
import sys

# /run and /sys of its own too: journals and /sys/class/net are the new network's.
_ENTER = ("mount -t tmpfs tmpfs /run && mount -t sysfs sysfs /sys && ip link set lo up && "
          'exec "$@"')


def _command(script, arguments):
    # It ends with this program, also where that is killed.
    return ["setpriv", "--pdeathsig", "KILL",
            "unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "--",
            "sh", "-c", _ENTER, "sh", sys.executable, "-B", str(script), *arguments]


def answers_as_they_come(script, arguments):
    """The same as answers_of(), each object as soon as it is printed; what SCRIPT says on standard
    error goes to ours."""
    with subprocess.Popen(_command(script, arguments), stdout=subprocess.PIPE, text=True) as process:
        try:
            for line in process.stdout:
                yield json.loads(line)
        finally:
            process.kill()


def answers_of(script, arguments, time_limit_s):
    """Runs SCRIPT, one of ours, in a new network: the JSON objects that it printed, one a line,
    and what it said on standard error."""
    try:
        done = subprocess.run(_command(script, arguments), stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True, check=False, timeout=time_limit_s)
    except subprocess.TimeoutExpired:
        return [], f"no end within {time_limit_s} s"
    return [json.loads(line) for line in done.stdout.splitlines()], done.stderr.strip()[-500:]
