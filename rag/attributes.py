"""What a question asks of its subject, and what a text would say if it told: 有多重 / 重1.78千克, 毕业于 / 大学.

A hand-written table of attributes. A text with none of the marks of an attribute does not state it; a text that states
another attribute of the same class (成立 for 上市) answers another question. Pure but for reading the table once.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Attribute:
    """One attribute.

    Attributes:
        group: the class whose members exclude each other, "" where nothing does.
        asked: how a question asks for it.
        told: what a text that gives it holds.
    """

    name: str
    group: str
    asked: re.Pattern[str]
    told: re.Pattern[str]


TABLE = Path(__file__).with_suffix(".txt")


@cache
def table() -> tuple[Attribute, ...]:
    """All attributes, in the order of the table."""
    lines = TABLE.read_text(encoding="utf-8").splitlines()
    rows = ([cell.strip() for cell in line.split(" | ")] for line in lines if line and not line.startswith("#"))
    return tuple(Attribute(name, group, re.compile(asked), re.compile(told)) for name, group, asked, told in rows)


@lru_cache(maxsize=256)
def asked_attributes(folded: str) -> tuple[Attribute, ...]:
    """The attributes that a folded question asks for."""
    return tuple(attribute for attribute in table() if attribute.asked.search(folded))


def states_another(attribute: Attribute, text: str) -> bool:
    """Whether a text gives another attribute of the same class (上市 for 成立 gives nothing of it)."""
    return bool(attribute.group) and any(
        other.group == attribute.group and other.name != attribute.name and other.told.search(text) is not None
        for other in table()
    )
