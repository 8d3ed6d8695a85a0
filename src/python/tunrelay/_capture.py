# SPDX-License-Identifier: MIT
"""A capture of a running tunnel."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from ._records import build
from ._report import CaptureReport

if TYPE_CHECKING:
    from ._tunnel import Tunnel


@dataclasses.dataclass
class Capture:
    """A capture that runs; ends with `with`, or close()."""

    _tunnel: Tunnel

    def report(self) -> CaptureReport:
        """What was captured so far."""
        return build(CaptureReport, self._tunnel.request("capture_report")["capture"])

    def close(self) -> CaptureReport:
        """Ends it: the file is complete. Returns what was captured."""
        return build(CaptureReport, self._tunnel.request("capture_stop")["capture"])

    def __enter__(self) -> Capture:
        return self

    def __exit__(self, *error: Any) -> None:
        self.close()
