"""Citation markers in a text: `[1]`, `【1】`, `［1、2］`, `[1-3]`, `[^1]`, `[来源1]` → passage numbers. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

_NUMBER = r"[0-9０-９]{1,3}"
_LABEL = r"(?:\^|#|来源|资料|文档|段落|引用|参考|编号|passage|source|document|doc|citation|ref)?\s*[:：]?\s*#?"
_JOIN = r"\s*(?:[,，、;；/&和]|and)\s*"
_RANGE = r"\s*[-–—~～至到]\s*"
_ITEM = rf"{_LABEL}{_NUMBER}(?:{_RANGE}{_LABEL}{_NUMBER})?"
_marker = re.compile(
    rf"(?P<open>\[\[?|【|［|〔|\\\[)\s*(?P<items>{_ITEM}(?:{_JOIN}{_ITEM})*)\s*(?:\]\]?|】|］|〕|\\\])", re.I
)
_item = re.compile(rf"{_LABEL}(?P<first>{_NUMBER})(?:{_RANGE}{_LABEL}(?P<last>{_NUMBER}))?", re.I)
_ASCII = {ord("０") + i: str(i) for i in range(10)}


@dataclass(frozen=True, slots=True)
class Marked:
    """A text freed of its markers.

    Attributes:
        numbers: the passages it cites, each once, in the order of their mention.
        unknown: whether any marker pointed outside the passages there are.
    """

    text: str
    numbers: tuple[int, ...]
    unknown: bool = False


def read_markers(text: str, count: int) -> Marked:
    """Take the markers out of a text; numbers are 1-based and bounds-checked.

    A marker that points at none of the `count` passages (0, or 9 of 6) is removed and counts as unknown. A bracket that
    holds a larger number, such as the year in [2022], is text and stays.

    >>> read_markers("位于中关村软件园【1】［2、3］。", 6)
    Marked(text='位于中关村软件园。', numbers=(1, 2, 3), unknown=False)
    >>> read_markers("见[0]和[9]，出版于[2022]。", 6)
    Marked(text='见和，出版于[2022]。', numbers=(), unknown=True)
    """
    numbers: dict[int, None] = {}
    unknown = False

    def take(match: re.Match[str]) -> str:
        nonlocal unknown
        for number in _numbers(match["items"]):
            if 1 <= number <= count:
                numbers[number] = None
            else:
                unknown = True
        return ""

    bare = _marker.sub(take, text)
    return Marked(bare, tuple(numbers), unknown)


def write_markers(numbers: tuple[int, ...]) -> str:
    """Numbers as markers: (1, 3) → `[1][3]`."""
    return "".join(f"[{number}]" for number in numbers)


def settle_markers(text: str) -> str:
    """Rewrite every marker as `[n]` and move it up to the text before it, so that it stays with its sentence.

    >>> settle_markers("量子院有217人。 【1】 [2-3]\\n\\n它在北京 [citation:4]。")
    '量子院有217人。[1][2][3]\\n\\n它在北京[4]。'
    """
    text = _marker.sub(lambda match: write_markers(tuple(_numbers(match["items"]))), text)
    text = re.sub(r"(?<=\S)[ \t\u3000]+(?=\[\d{1,3}\])", "", text)
    # A line of markers alone belongs to the line before.
    return re.sub(r"(?<=\S)\s*\n\s*((?:\[\d{1,3}\])+)[ \t]*(?=\n|\Z)", r"\1", text)


def _numbers(items: str) -> list[int]:
    """The numbers inside one pair of brackets; a range that runs backwards or over 20 gives only its ends."""
    found: list[int] = []
    for match in _item.finditer(items):
        first = int(match["first"].translate(_ASCII))
        last = int(match["last"].translate(_ASCII)) if match["last"] else first
        found.extend(range(first, last + 1) if first <= last < first + 20 else (first, last))
    return found
