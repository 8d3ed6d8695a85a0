# SPDX-License-Identifier: MIT
"""A network of one measurement's own: nothing of it reaches the machine's, and whatever runs in it
ends with it."""

import json
import subprocess
import sys

# /run and /sys of its own too: journals and /sys/class/net are the new network's.
_ENTER = ("mount -t tmpfs tmpfs /run && mount -t sysfs sysfs /sys && ip link set lo up && "
          'exec "$@"')


def answers_of(script, arguments, time_limit_s):
    """Runs SCRIPT, one of ours, in a new network: the JSON objects that it printed, one a line,
    and what it said on standard error."""
    command = ["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc",
               "--", "sh", "-c", _ENTER, "sh", sys.executable, "-B", str(script), *arguments]
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                              check=False, timeout=time_limit_s)
    except subprocess.TimeoutExpired:
        return [], f"no end within {time_limit_s} s"
    return [json.loads(line) for line in done.stdout.splitlines()], done.stderr.strip()[-500:]
