"""Records → plain data for JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


def as_plain(record: DataclassInstance) -> dict[str, Any]:
    """Every field of a record as JSON-ready data: records as objects, tuples as lists, seconds to 0.1 ms."""
    return {field.name: _plain(getattr(record, field.name)) for field in fields(record)}


def _plain(value: Any) -> Any:
    """One value, whatever it holds."""
    if hasattr(value, "__dataclass_fields__"):
        return as_plain(value)
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return round(value, 4) if isinstance(value, float) else value
