"""Which documents a search may look in: by source, date and metadata."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache

from vectorstore.records import Document, DocumentInfo

_day = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?")


@dataclass(frozen=True, slots=True)
class Filter:
    """Conditions on documents; a document must meet all that are given, and an empty filter lets everything through.

    Attributes:
        sources: names of which one must be the document's source; `*` stands for any run of characters (also `/`),
            `?` for one, every other character for itself. One name may be given as a string.
        since, until: first and last day, ISO `YYYY-MM-DD`; `YYYY-MM` and `YYYY` take in the whole month or year. A
            document without a date meets neither.
        metadata: key → values of which one must be the document's; one value may be given as a string.

    Raises:
        ValueError: a date that is none, or `since` after `until`.

    >>> Filter(sources="年报/*.pdf", since="2023", metadata={"部门": ["法务", "财务"]})
    Filter(sources=('年报/*.pdf',), since='2023-01-01', until=None, metadata={'部门': ('法务', '财务')})
    """

    sources: str | Sequence[str] = ()
    since: str | None = None
    until: str | None = None
    metadata: Mapping[str, str | Sequence[str]] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "sources", _several(self.sources))
        object.__setattr__(self, "since", _first_day(self.since))
        object.__setattr__(self, "until", _last_day(self.until))
        if self.since and self.until and self.since > self.until:
            raise ValueError(f"since {self.since} is after until {self.until}")
        values = {key: _several(self.metadata[key]) for key in sorted(self.metadata)}
        object.__setattr__(self, "metadata", values)

    def __bool__(self) -> bool:
        """Whether there is any condition."""
        return bool(self.sources or self.since or self.until or self.metadata)

    def admits(self, document: Document | DocumentInfo) -> bool:
        """Whether a document meets every condition; what each home's own way of filtering must agree with."""
        date, facts = document.date, document.metadata
        return (
            (not self.sources or any(_pattern(name).fullmatch(document.source) is not None for name in self.sources))
            and (not self.since or (date is not None and date >= self.since))
            and (not self.until or (date is not None and date <= self.until))
            and all(facts.get(key) in values for key, values in self.metadata.items())
        )


@lru_cache(maxsize=256)
def _pattern(name: str) -> re.Pattern[str]:
    """A name with `*` and `?` as a regular expression."""
    parts = {"*": ".*", "?": "."}
    return re.compile("".join(parts.get(character) or re.escape(character) for character in name), re.DOTALL)


def _several(values: str | Sequence[str]) -> tuple[str, ...]:
    return (values,) if isinstance(values, str) else tuple(values)


def _first_day(text: str | None) -> str | None:
    """`2023` → `2023-01-01`."""
    if text is None:
        return None
    year, month, day = _parts(text)
    return date(year, month or 1, day or 1).isoformat()


def _last_day(text: str | None) -> str | None:
    """`2023-02` → `2023-02-28`."""
    if text is None:
        return None
    year, month, day = _parts(text)
    month = month or 12
    return date(year, month, day or monthrange(year, month)[1]).isoformat()


def _parts(text: str) -> tuple[int, int, int]:
    """Year, month and day of a date, 0 for what it leaves open."""
    found = _day.fullmatch(text.strip())
    try:
        if found is None:
            raise ValueError("another form")
        year, month, day = (int(part or 0) for part in found.groups())
        date(year, month or (1 if found[2] is None else 0), day or (1 if found[3] is None else 0))
    except ValueError:
        raise ValueError(f"{text!r} 不是日期，请写成 2023-06-30、2023-06 或 2023 / is no date of these forms") from None
    return year, month, day
