# SPDX-License-Identifier: MIT
"""The options of a tunnel: from Python's values to the texts that the flags of `tunrelay run`
take."""

from __future__ import annotations

import os
from typing import Any, Dict, Iterable, List, Mapping, Tuple, Union

from ._native import ffi

Text = Union[str, "os.PathLike[str]"]

# A key that is true or false as a flag, and not as a word.
_SWITCHES = {"offload", "coalesce"}


def _text(key: str, value: Any) -> str:
    if isinstance(value, bool):
        if key in _SWITCHES:
            return "on" if value else "off"
        return "true" if value else "false"
    if isinstance(value, (list, tuple)):
        return ",".join(str(item) for item in value)
    return os.fspath(value) if isinstance(value, os.PathLike) else str(value)


def option_pairs(options: Mapping[str, Any]) -> List[Tuple[str, str]]:
    """KEY and VALUE of each option that is not None, as the boundary takes them."""
    pairs = []
    for name, value in options.items():
        key = name.replace("_", "-")
        if value is None or (value is False and key not in _SWITCHES):
            continue
        if key == "stage":
            values: Iterable[Any] = [value] if isinstance(value, (str, os.PathLike)) else value
        else:
            values = [value]
        pairs += [(key, _text(key, item)) for item in values]
    return pairs


class CTexts:
    """C strings that live as long as this does."""

    def __init__(self) -> None:
        self._kept: Dict[str, Any] = {}

    def __call__(self, text: str) -> Any:
        if text not in self._kept:
            self._kept[text] = ffi.new("char[]", text.encode())
        return self._kept[text]
