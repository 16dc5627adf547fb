"""Tables that a plain text lays out with tabs, bars or blanks → lines with the names of their columns.

A text is changed only where at least three lines on end have the same number of cells and the first of them names the
columns for sure (`first_row_names`). Everything else stays as it is, character by character.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from itertools import islice

from rag.loaders.table import first_row_names, table_lines

_LEAST = 3  # lines: one of names and two of values
_LOOKED_AT = 20  # lines that decide
_NAMES_MAX = 400  # characters of a line of names
_ENDS = "。！？；：，、.!?;:,”』」"  # how a line of names does not end
_MARKS = ("\t", "  ", "\u3000", "|", "｜", "│", "┃", "║")
_bars = re.compile("[|｜│┃║]")
_rule = re.compile(r"(?=.*[-=─-╿])[-\s|+:=─-╿]{3,}")
_columns_of_rule = re.compile(r"[-=─━═]{2,}:?[\s|+:┼╪╋╬┬┴│┃║]+:?[-=─━═]{2,}")
_tabs = re.compile(r"[ \u3000]*\t[\s\u3000]*")
_gap = re.compile(r"[ \u3000\xa0]{2,}")
# 姓  名 and 张　伟: two characters set as wide as three.
_spaced = re.compile(r"(?<!\S)([\u3400-\u9fff])([ \u3000]{1,4})([\u3400-\u9fff])(?!\S)")
Reader = Callable[[str], list[str] | None]  # a line → its cells, None where it is no row


def name_columns(lines: Sequence[str]) -> list[str]:
    """The lines of a text, the rows of its tables as `table_lines` writes them.

    >>> name_columns(["票价如下", "票种\\t价格", "成人票\\t45元", "半价票\\t22元"])
    ['票价如下', '票种 | 价格', '票种：成人票；价格：45元', '票种：半价票；价格：22元']
    >>> name_columns(["床前明月光  疑是地上霜", "举头望明月  低头思故乡"])
    ['床前明月光  疑是地上霜', '举头望明月  低头思故乡']
    """
    made: list[str] = []
    at = 0
    while at < len(lines):
        line, taken = lines[at], 0
        if len(line) <= _NAMES_MAX and line[-1:] not in _ENDS:  # a look that costs prose next to nothing
            rows, taken = _table(lines, at)
            made += rows
        if not taken:
            made.append(line)
        at += taken or 1
    return made


def _table(lines: Sequence[str], at: int) -> tuple[list[str], int]:
    """The rows of the table that begins at a line, and how many lines it takes; ([], 0) for no table."""
    above = next((count for count in range(2) if at + count < len(lines) and not _is_rule(lines[at + count])), 0)
    first = lines[at + above] if at + above < len(lines) else ""
    if not any(mark in first.strip() for mark in _MARKS):
        return [], 0
    for layout in (_tabbed, _loosely_tabbed, _barred, _set_wide, _spaced_out, _full_width):
        reader = layout(first)
        if reader is None:
            continue
        found = _rows(lines, at + above, reader)
        head = list(islice(found, _LOOKED_AT))
        rows = [cells for cells, _ in head]
        ruled = at + above + 1 < len(lines) and bool(_columns_of_rule.search(lines[at + above + 1]))
        if len(rows) >= _LEAST and first_row_names(rows, ruled and _is_rule(lines[at + above + 1])):
            head += found
            return table_lines([cells for cells, _ in head], 1), head[-1][1] + 1 - at
    return [], 0


def _rows(lines: Sequence[str], at: int, reader: Reader) -> Iterator[tuple[list[str], int]]:
    """The cells of each row from a line on, and the line after which it ends, rules below it taken in."""
    row: list[str] | None = None
    for number in range(at, len(lines)):
        if row is not None and _is_rule(lines[number]):
            continue
        cells = reader(lines[number])
        if row is not None:
            yield row, number - 1
        if cells is None:
            return
        row = [cell.strip() for cell in cells]
    if row is not None:
        yield row, len(lines) - 1


def _is_rule(line: str) -> bool:
    """Whether a line is drawn, such as +----+----+."""
    return line.lstrip()[:1] in "-=+|:┌├└─━═╔╠╚┏┣┗" and _rule.fullmatch(line) is not None


def _tabbed(first: str) -> Reader | None:
    """A tab between two cells; nothing between two tabs is an empty cell."""
    width = first.rstrip().count("\t") + 1

    def read(line: str) -> list[str] | None:
        cells = line.split("\t")
        return cells[:width] if len(cells) >= width and not any(map(str.strip, cells[width:])) else None

    return read if width > 1 else None


def _loosely_tabbed(first: str) -> Reader | None:
    """As many tabs between two cells as bring them below each other."""
    return _split_by(_tabs, first, 2) if "\t\t" in first.strip() else None


def _barred(first: str) -> Reader | None:
    """A bar between two cells, perhaps one at both ends."""
    framed = _bars.match(first.strip()) is not None

    def cells_of(line: str) -> list[str]:
        line = line.strip()
        if framed:
            line = line[_bars.match(line) is not None :]
            line = line[: len(line) - (_bars.match(line[-1:]) is not None)]
        return _bars.split(line)

    width = len(cells_of(first))
    return (lambda line: cells if len(cells := cells_of(line)) == width else None) if width > 1 else None


def _set_wide(first: str) -> Reader | None:
    """As `_spaced_out`, where names of two characters are set as wide as those of three."""
    reader = _spaced_out(_closed_up(first))
    return reader and (lambda line: reader(_closed_up(line)))


def _spaced_out(first: str) -> Reader | None:
    """Two blanks or more between cells; one is enough where a cell begins below the name of its column."""
    starts = [0, *(_width(first[: gap.end()]) for gap in _gap.finditer(first.rstrip()) if first[: gap.start()].strip())]

    def read(line: str) -> list[str] | None:
        cells = _gap.split(line.strip())
        if len(cells) == len(starts):
            return cells
        return _cut_at(line.rstrip(), starts) if len(cells) > 1 else None

    return read if len(starts) > 1 else None


def _full_width(first: str) -> Reader | None:
    """One full-width blank between cells, three of them or more."""
    return _split_by(re.compile("\u3000"), first, 3)


def _split_by(gap: re.Pattern[str], first: str, least: int) -> Reader | None:
    """A reader of lines that have as many cells as the first, if that has enough."""
    width = len(gap.split(first.strip()))
    return (lambda line: cells if len(cells := gap.split(line.strip())) == width else None) if width >= least else None


def _cut_at(line: str, starts: Sequence[int]) -> list[str] | None:
    """The pieces of a line that begin at these widths from its left, each after a blank; None where one doesn't."""
    places = []
    width = place = 0
    for start in starts:
        while place < len(line) and width < start:
            width += _width(line[place])
            place += 1
        if width > start or (0 < place < len(line) and not line[place - 1].isspace()):
            return None
        places.append(place)
    cells = [line[begin:end].strip() for begin, end in zip(places, [*places[1:], len(line)], strict=True)]
    return cells if sum(map(bool, cells)) > 1 else None


def _closed_up(line: str) -> str:
    """姓　名 as 姓名, the blanks behind it, so that what follows stays where it is."""
    return _spaced.sub(lambda match: match[1] + match[3] + match[2], line)


def _width(text: str) -> int:
    """Width in columns: Chinese and full-width characters count two."""
    return len(text) + sum(unicodedata.east_asian_width(char) in "WF" for char in text)
