"""Rows of a table → lines that can be quoted alone: every value with the name of its column in front."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

_HEADING_MAX = 40  # characters; a longer cell in the first row is text
_cjk = re.compile("[\u3400-\u9fff]")
_number = re.compile(r"[-+−]?[¥￥$€£]?\s*[\d,.，]+\s*[%％]?|\d{2,4}[-/年.]\d{1,2}(?:[-/月.]\d{1,2}日?)?")


def table_lines(rows: Iterable[Sequence[str]]) -> list[str]:
    """A line for each row that holds anything.

    When the first row names the columns, every later row reads `姓名：张伟；电话：62550000`, empty cells left out;
    otherwise the cells are joined by ` | `.

    >>> table_lines([["姓名", "电话"], ["张伟", "62550000"], ["王芳", ""]])
    ['姓名 | 电话', '姓名：张伟；电话：62550000', '姓名：王芳']
    """
    filled = [cells for row in rows if any(cells := [" ".join(cell.split()) for cell in row])]
    if not filled:
        return []
    names = list(filled[0])
    while names and not names[-1]:
        names.pop()
    if not _are_names(names) or len(filled) < 2:
        return [" | ".join(cells).strip(" |") for cells in filled]
    chinese = any(_cjk.search(name) for name in names)
    colon, stop = ("：", "；") if chinese else (": ", "; ")
    lines = [" | ".join(names)]
    for cells in filled[1:]:
        parts = []
        for number, cell in enumerate(cells):
            if cell:
                parts.append(f"{names[number]}{colon}{cell}" if number < len(names) else cell)
        lines.append(stop.join(parts))
    return lines


def _are_names(cells: Sequence[str]) -> bool:
    """Whether the first row names the columns: two or more short, different cells that are no numbers or dates."""
    return (
        len(cells) > 1
        and len(set(cells)) == len(cells)
        and all(cell and len(cell) <= _HEADING_MAX and not _number.fullmatch(cell) for cell in cells)
    )
