# SPDX-License-Identifier: MIT
"""The emulated link of a running tunnel."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, Dict, Optional

from ._errors import check
from ._native import ffi, lib

if TYPE_CHECKING:
    from ._tunnel import Tunnel


@dataclasses.dataclass(frozen=True)
class LinkText:
    """A link as text, in its canonical form, and the seed of its random numbers."""

    a_to_b: str
    b_to_a: str
    seed: int


class Link:
    """tunnel.link."""

    def __init__(self, tunnel: Tunnel) -> None:
        self._tunnel = tunnel

    def show(self) -> LinkText:
        """The link as it is."""
        return LinkText(**self._tunnel.request("show")["link"])

    def set(self, a_to_b: Optional[str] = None, b_to_a: Optional[str] = None,
            seed: Optional[int] = None) -> LinkText:
        """What packets meet from now on: "delay 20ms, loss 1%"; "" is nothing, and None stays as
        it was. Where both lists have the same kinds of stages as before, these keep what they hold;
        else they and stages of Python begin again. A scenario ends. Raises UsageError for a text
        that can't be, TunnelError while a former link still queues packets: all is as before
        then."""
        if seed is None:
            texts = [ffi.NULL if text is None else ffi.new("char[]", text.encode())
                     for text in (a_to_b, b_to_a)]
            # This reads the files that the texts name.
            self._tunnel._in_thread(
                lambda: check(lib.tunrelay_tunnel_change_link(self._tunnel._native, *texts)))
        else:
            named: Dict[str, Any] = {"a_to_b": a_to_b, "b_to_a": b_to_a}
            self._tunnel.request("set", seed=seed, **{k: v for k, v in named.items() if v is not None})
        return self.show()

    def clear(self) -> LinkText:
        """No impairment, both ways."""
        return self.set("", "")

    def stop_scenario(self) -> LinkText:
        """The link stays as the scenario has it now; an outage ends. Raises UsageError when none
        plays."""
        self._tunnel.request("scenario", stop=True)
        return self.show()
