"""Another row of a table than the one asked about: 早班 where 周末班 is asked about. Pure."""

from __future__ import annotations

import re

from rag.question import Question
from rag.tagging import tagged

# A row of a table as it is read: the name of its first column, the cell there, and the name of the next column.
_ROW = re.compile(r"\s*([^:;,。|]{1,8}):\s*([^:;,。|]{1,20});[^:;。|]{1,16}:")
# What a column is named for, behind what its cells end with: 班别 (早班), 批次 (二批), 店名 (河堤店).
_SORT = re.compile(r"[别次号名型类]$")
# One of a numbered kind: s4, f-1, 3号棚. Of a range (p5—p7, 7至11号楼) nobody says which it leaves out.
_NUMBERED = re.compile(r"(?<![a-z0-9])([a-z]{1,4}-?)(\d{1,4})(?![a-z0-9.%])|(?<!\d)(\d{1,3})(号[^\W\d_码])")
_RANGE = re.compile(r"[—~～至到、/]|\d-\d")
# Which of the kind is meant is not said by these.
_TELLS_NOTHING = frozenset("哪个几每各这那该本同一多少什么全所有其他另外两三第的")
_SAYS_WHICH = re.compile(r"n|[vt]$|vn|a|s|f|b|j|eng|m")


def other_row(question: Question, text: str) -> tuple[str, str] | None:
    """(what the question names, the row that a folded text is instead), None where it names none or this one.

    >>> from rag.question import analyse
    >>> other_row(analyse("澄迈纺织周末班几点上班?"), "班别:早班;时间:6:30—14:30;用餐:30分钟")
    ('周末班', '早班')
    """
    row = _ROW.match(text)
    if not row:
        return None
    name, cell = row[1].strip(), row[2].strip()
    if cell in question.folded or _RANGE.search(cell):
        return None
    numbered = {_series(found) for found in _NUMBERED.finditer(cell)}
    if not numbered:
        return _other_of_kind(question, _SORT.sub("", name), cell)
    for found in _NUMBERED.finditer(question.folded):
        kind, number = _series(found)
        if found.group() not in text and any(kind == series and number != own for series, own in numbered):
            return found.group(), cell
    return None


def _series(found: re.Match[str]) -> tuple[str, str]:
    """(kind, number)."""
    return found[1] or found[4], found[2] or found[3]


def _other_of_kind(question: Question, kind: str, cell: str) -> tuple[str, str] | None:
    """(what the question calls another of the kind that the cell ends with, the cell).

    What shares a character with the cell may be the same (电动车 / 电单车).
    """
    if not kind or not cell.endswith(kind):
        return None
    before, tag = "", ""
    for word, next_tag in tagged(question.folded):
        if word.endswith(kind):
            which = word.removesuffix(kind) or (before if _SAYS_WHICH.match(tag) else "")
            if which and not set(which) & (_TELLS_NOTHING | set(cell[: -len(kind)])):
                return which + kind, cell
        before, tag = word, next_tag
    return None
