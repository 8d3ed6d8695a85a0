# SPDX-License-Identifier: MIT
"""From JSON to dataclasses: each field takes the value under its name; keys that a class does not
have are left out, and what is missing has the field's default."""

from __future__ import annotations

import dataclasses
import functools
import typing
from typing import Any, Dict, Type, TypeVar

Record = TypeVar("Record")


@functools.lru_cache(maxsize=None)
def _types_of(kind: Any) -> Dict[str, Any]:
    hints = typing.get_type_hints(kind)
    return {field.name: hints[field.name] for field in dataclasses.fields(kind)}


def _value(kind: Any, value: Any) -> Any:
    if value is None:
        return None
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin is typing.Union:
        return _value(next(a for a in arguments if a is not type(None)), value)
    if origin is tuple:
        return tuple(_value(arguments[0], item) for item in value)
    if origin is dict:
        return {key: _value(arguments[1], item) for key, item in value.items()}
    return build(kind, value) if dataclasses.is_dataclass(kind) else value


def build(kind: Type[Record], data: Dict[str, Any]) -> Record:
    """A KIND of what DATA has."""
    types = _types_of(kind)  # type: ignore[arg-type]
    return kind(**{name: _value(types[name], data[name]) for name in types if name in data})
