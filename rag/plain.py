"""Records → plain data for JSON, with a warning on every passage that tries to steer the answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from rag.injection import suspicious
from rag.language import Language, language_of
from rag.types import Answer, Passage

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


def as_plain(record: DataclassInstance, language: Language = "zh") -> dict[str, Any]:
    """Every field of a record as JSON-ready data: records as objects, tuples as lists, seconds to 0.1 ms.

    A passage has one more, `warning`: what a reader should know of instructions or links in it; "" for none.

    Args:
        language: of the warnings; those of an answer are in the language of its question.
    """
    if isinstance(record, Answer):
        language = language_of(record.question)
    plain = {field.name: _plain(getattr(record, field.name), language) for field in fields(record)}
    if isinstance(record, Passage):
        plain["warning"] = suspicious(f"{record.title}\n{record.text}", language)
    return plain


def _plain(value: Any, language: Language) -> Any:
    """One value, whatever it holds."""
    if hasattr(value, "__dataclass_fields__"):
        return as_plain(value, language)
    if isinstance(value, Mapping):
        return {key: _plain(item, language) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item, language) for item in value]
    return round(value, 4) if isinstance(value, float) else value
