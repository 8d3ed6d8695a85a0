# SPDX-License-Identifier: MIT
"""What a process owes the host: tunnels end with the interpreter, and a forked child keeps
nothing of them."""

from __future__ import annotations

import atexit
import os
import sys
from typing import TYPE_CHECKING, Set

from ._errors import TunnelError, UsageError, check
from ._native import lib

if TYPE_CHECKING:
    from ._tunnel import Tunnel

open_tunnels: Set[Tunnel] = set()


def enter_user_namespace() -> None:
    """An ordinary user's program, which must have one thread, becomes root of a user namespace, for
    good, so that it can have private networks; root's stays as it is. Its files are its own as
    before. Raises UnsupportedError where the host does not allow it, TunnelError otherwise."""
    if os.geteuid() != 0 and len(os.listdir("/proc/self/task")) > 1:
        raise UsageError("enter a user namespace: this program has other threads already; do it "
                         "before, by tunrelay.enter_user_namespace()")
    check(lib.tunrelay_enter_user_namespace())


def device_descriptors() -> Set[int]:
    """Of tunnels, which a forked child must not keep."""
    found = set()
    for name in os.listdir("/proc/self/fd"):
        try:
            target = os.readlink(f"/proc/self/fd/{name}")
        except OSError:
            continue
        if target == "/dev/net/tun" or "io_uring" in target:
            found.add(int(name))
    return found


def _leave_to_the_parent() -> None:
    """In a forked child: the tunnels are the parent's, and their devices go when it closes them."""
    for tunnel in list(open_tunnels):
        for fd in tunnel._descriptors:
            os.close(fd)
    open_tunnels.clear()


def _close_all() -> None:
    for tunnel in list(open_tunnels):
        try:
            tunnel.close()
        except TunnelError as error:
            print(f"tunrelay: {error}", file=sys.stderr)


atexit.register(_close_all)
os.register_at_fork(after_in_child=_leave_to_the_parent)
