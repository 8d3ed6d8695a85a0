# SPDX-License-Identifier: MIT
"""What tunrelay raises. A message names the attempt, the object, the cause and a hint, as the
program's own do."""

from __future__ import annotations

from typing import Any

from ._native import ffi, lib


class TunnelError(Exception):
    """Something failed while it was done."""

    exit_code = 1


class UsageError(TunnelError, ValueError):
    """What was requested can't be: an option, a link, a stage."""

    exit_code = 2


class UnsupportedError(TunnelError):
    """This host can't: no permission, no /dev/net/tun, a conflict with what is there."""

    exit_code = 3


class FrameError(RuntimeError):
    """A frame was used when it was not the stage's any more, or by another thread."""


class StageError(TunnelError):
    """A stage of Python raised an exception, which is the __cause__.

    stage: the stage's name; end: "a" or "b"; where: the function; traceback_text: all of it."""

    def __init__(self, message: str, stage: str, end: str, where: str, traceback_text: str):
        super().__init__(message)
        self.stage = stage
        self.end = end
        self.where = where
        self.traceback_text = traceback_text


_BY_CODE = {error.exit_code: error for error in (TunnelError, UsageError, UnsupportedError)}


def text_of(pointer: Any) -> str:
    """The text of a char pointer."""
    return ffi.string(pointer).decode(errors="replace")


def check(code: int) -> None:
    """Raises what CODE, returned by a function of the boundary in this thread, stands for."""
    if code != 0:
        raise _BY_CODE.get(code, TunnelError)(text_of(lib.tunrelay_failure_text()))
